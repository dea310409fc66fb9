import type { CaseTable } from './tables.ts';
import { formatNumber } from './numbers.ts';

/** Below this a peer is not called faster: it is within what a run repeats. */
const NOTICEABLE = 1.1;

/** Lists the cases in which a peer is faster than the best ggen-sim engine, worst first, one line each. */
export function slowerThanPeers(tables: readonly CaseTable[]): string[] {
  const found: { line: string; factor: number }[] = [];
  for (const table of tables) {
    const ggenSim = best(table, true);
    const peer = best(table, false);
    if (!ggenSim || !peer) continue;
    const factor =
      table.better === 'lower'
        ? ggenSim.summary.median / peer.summary.median
        : peer.summary.median / ggenSim.summary.median;
    if (factor < NOTICEABLE) continue;
    const unit = table.unit === 'ms' ? 'ms' : 'a second';
    const place = `${table.platform === 'node' ? 'Node' : 'Chromium'}, ${table.title}, ${table.rowCount.toLocaleString('en-US')} rows`;
    found.push({
      factor,
      line: `${place}: ${peer.title} ${formatNumber(peer.summary.median)} ${unit}, the best of ggen-sim (${ggenSim.title}) ${formatNumber(ggenSim.summary.median)} ${unit} (${formatNumber(factor)} × behind)`,
    });
  }
  return found.toSorted((a, b) => b.factor - a.factor).map(({ line }) => line);
}

function best(table: CaseTable, ggenSim: boolean): CaseTable['rows'][number] | undefined {
  // Engines that store nothing or promise less durability are not compared.
  const rows = table.rows.filter((row) => row.ggenSim === ggenSim && row.comparable);
  const sign = table.better === 'lower' ? 1 : -1;
  return rows.toSorted((a, b) => sign * (a.summary.median - b.summary.median))[0];
}
