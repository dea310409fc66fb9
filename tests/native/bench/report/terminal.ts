import type { Results } from '../results.ts';
import { verdictOf } from '../goals/goal.ts';
import { goalsOf } from '../goals/goals.ts';
import { figure } from './figures.ts';
import { checkText } from './goal-text.ts';
import { losses } from './losses.ts';
import { caseTables, type CaseTable } from './tables.ts';

/** A run as text for a terminal. */
export function terminalReport(results: Results): string {
  const lines: string[] = [''];
  const tables = caseTables(results);
  for (const table of tables) lines.push(...tableLines(table), '');
  lines.push('Goals');
  for (const goal of goalsOf(results)) {
    lines.push(
      `  ${verdictOf(goal).padEnd(12)}  ${goal.text}`,
      `                ${goal.checks.map(checkText).join('; ')}`,
    );
    if (goal.beside) lines.push(`                beside: ${goal.beside}`);
  }
  lines.push('', 'Where a peer is faster');
  for (const line of losses(tables)) lines.push(`  ${line}`);
  lines.push('');
  for (const { platform, engineId, rowCount, reason } of results.omissions) {
    lines.push(`not measured: ${platform} ${engineId} at ${rowCount} rows: ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}

function tableLines(table: CaseTable): string[] {
  const { platform, title, rowCount, unit, better, rows } = table;
  const worst = better === 'lower' ? 'p99' : 'p1';
  const cells = rows.map(({ title: engine, summary, ratio }) => [
    engine,
    figure(summary.median),
    figure(summary.worst),
    ratio === undefined ? '' : `${figure(ratio)} ×`,
    String(summary.count),
  ]);
  const head = ['', `median ${unit}`, worst, 'cost to ours', 'n'];
  const widths = head.map((text, at) =>
    Math.max(text.length, ...cells.map((row) => (row[at] as string).length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((text, at) => (at === 0 ? text.padEnd(widths[at] as number) : text.padStart(widths[at] as number)))
      .join('  ');
  return [
    `${platform === 'node' ? 'Node' : 'Chromium'} · ${title} · ${rowCount.toLocaleString('en-US')} rows (${better} is better)`,
    line(head),
    ...cells.map(line),
  ];
}
