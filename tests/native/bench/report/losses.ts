import type { CaseTable } from './tables.ts';
import { figure } from './figures.ts';

/** Below this a peer is not called faster: it is within what a run repeats. */
const NOTICEABLE = 1.1;

/** Where a peer beats the best of ours, worst first, in one line each. */
export function losses(tables: readonly CaseTable[]): string[] {
  const found: { line: string; factor: number }[] = [];
  for (const table of tables) {
    const ours = best(table, true);
    const peer = best(table, false);
    if (!ours || !peer) continue;
    const factor =
      table.better === 'lower'
        ? ours.summary.median / peer.summary.median
        : peer.summary.median / ours.summary.median;
    if (factor < NOTICEABLE) continue;
    const unit = table.unit === 'ms' ? 'ms' : 'a second';
    const place = `${table.platform === 'node' ? 'Node' : 'Chromium'}, ${table.title}, ${table.rowCount.toLocaleString('en-US')} rows`;
    found.push({
      factor,
      line: `${place}: ${peer.title} ${figure(peer.summary.median)} ${unit}, the best of ours (${ours.title}) ${figure(ours.summary.median)} ${unit} (${figure(factor)} × behind)`,
    });
  }
  return found.toSorted((a, b) => b.factor - a.factor).map(({ line }) => line);
}

function best(table: CaseTable, ours: boolean): CaseTable['rows'][number] | undefined {
  // What keeps nothing, or promises less, is no rival of what does.
  const rows = table.rows.filter((row) => row.ours === ours && row.comparable);
  const sign = table.better === 'lower' ? 1 : -1;
  return rows.toSorted((a, b) => sign * (a.summary.median - b.summary.median))[0];
}
