import type { Results } from '../results.ts';
import { verdictOf } from '../goals/goal.ts';
import { goalsOf } from '../goals/goals.ts';
import { checkText } from './goal-text.ts';
import { slowerThanPeers } from './slower-than-peers.ts';
import { caseTables } from './tables.ts';

/** Lines of this kind that are printed; the Markdown report has them all. */
const SLOWER_SHOWN = 10;

/** Formats a run for a terminal: the goals, the cases furthest behind a peer, and what was not measured. */
export function terminalReport(results: Results): string {
  const lines: string[] = [''];
  lines.push('Goals');
  for (const goal of goalsOf(results)) {
    lines.push(
      `  ${verdictOf(goal).padEnd(12)}  ${goal.text}`,
      `                ${goal.checks.map(checkText).join('; ')}`,
    );
    if (goal.beside) lines.push(`                beside: ${goal.beside}`);
  }
  lines.push('', 'Where a peer is faster');
  const slower = slowerThanPeers(caseTables(results));
  for (const line of slower.slice(0, SLOWER_SHOWN)) lines.push(`  ${line}`);
  if (slower.length > SLOWER_SHOWN)
    lines.push(`  and ${slower.length - SLOWER_SHOWN} more cases, in the report`);
  lines.push('');
  for (const { platform, engineId, rowCount, reason } of results.omissions) {
    lines.push(`not measured: ${platform} ${engineId} at ${rowCount} rows: ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}
