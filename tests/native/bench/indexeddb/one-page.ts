import { formatBytes, formatNumber } from '../report/numbers.ts';
import { ENCRYPTED, type IndexedDbRun, median } from './run.ts';

const OURS = 'ggen-sim-indexeddb';
const MIRROR = 'wa-sqlite-indexeddb-mirror';
const BATCH = 'wa-sqlite-indexeddb';

/** Formats a run: each target with its numbers, ratios as the median of rounds with their range. */
export function onePage(run: IndexedDbRun): string {
  const rounds = (what: string, rowCount: number, engineId: string = OURS): readonly number[] =>
    run.lines.find((line) => line.what === what && line.rowCount === rowCount && line.engineId === engineId)
      ?.rounds ?? [];
  const sizes = [...new Set(run.lines.map(({ rowCount }) => rowCount))].toSorted((a, b) => a - b);
  const ms = (values: readonly number[]): string =>
    values.length === 0
      ? 'not measured'
      : `${formatNumber(median(values))} ms (${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))})`;
  const ratio = (values: readonly number[], others: readonly number[]): string => {
    const count = Math.min(values.length, others.length);
    if (count === 0) return 'not measured';
    const ratios = values.slice(0, count).map((value, index) => value / (others[index] ?? NaN));
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    return `${formatNumber(median(ratios))} × (${formatNumber(least)} to ${formatNumber(most)})`;
  };
  const each = (what: string): string =>
    sizes.map((rowCount) => `${rowsText(rowCount)} ${ms(rounds(what, rowCount))}`).join('; ');
  const largest = sizes.at(-1) ?? 0;
  const memory = sizes.map(
    (rowCount) => `${rowsText(rowCount)} ${formatBytes(median(rounds('memory', rowCount)))}`,
  );
  const left = sizes
    .filter((rowCount) => run.waitingBytes.has(rowCount))
    .map(
      (rowCount) =>
        `${rowsText(rowCount)} ${ms(rounds('open-after-load', rowCount))} behind ${formatBytes(run.waitingBytes.get(rowCount) ?? 0)} of commits`,
    );
  const lines: readonly [what: string, target: string, measured: string][] = [
    ['Open to the first row, worker included', '≤ 0.25 s', each('open')],
    [
      `… ${rowsText(largest)} to 1,000 rows`,
      '≤ 1.3 ×',
      ratio(rounds('open', largest), rounds('open', sizes[0] ?? 0)),
    ],
    ['… after a load that left commits', '≤ 0.4 s', left.join('; ')],
    ['Memory of the page after first reads', '≤ 1.5 × 1,000 rows + cache', memory.join('; ')],
    ['First get', '≤ 10 ms at 100,000', each('cold-get')],
    ['First latest 100', '≤ 20 ms at 100,000', each('cold-latest-100')],
    ['First analytics', '', each('cold-analytics')],
    ['Save, strict', '', each('save')],
    ['… to the bare strict transaction', '≤ 1.5 ×', ratio(rounds('save', 1000), rounds('bare', 1000))],
    ...sizes.map((rowCount): [string, string, string] => [
      `… encrypted to it, ${rowsText(rowCount)}`,
      '≤ 1.2 ×',
      ratio(rounds('save', rowCount, ENCRYPTED), rounds('save', rowCount)),
    ]),
    ...sizes
      .filter((rowCount) => rounds('save', rowCount, MIRROR).length > 0)
      .map((rowCount): [string, string, string] => [
        `… IDBMirrorVFS to it, ${rowsText(rowCount)}`,
        '≥ 4 ×',
        ratio(rounds('save', rowCount, MIRROR), rounds('save', rowCount)),
      ]),
    ['… IDBBatchAtomicVFS to it, 1,000 rows', '', ratio(rounds('save', 1000, BATCH), rounds('save', 1000))],
    [
      '64 callers, to IDBBatchAtomicVFS, 1,000 rows',
      '≥ 50 ×',
      ratio(rounds('callers-64', 1000), rounds('callers-64', 1000, BATCH)),
    ],
    [
      '64 callers, to IDBMirrorVFS, 1,000 rows',
      '',
      ratio(rounds('callers-64', 1000), rounds('callers-64', 1000, MIRROR)),
    ],
    [
      'Open, called in a worker that runs, to IDBMirrorVFS, 1,000 rows',
      '',
      ratio(rounds('open-in-worker', 1000), rounds('open-in-worker', 1000, MIRROR)),
    ],
  ];
  const loads = `load ${formatNumber(Math.min(...run.loads))} to ${formatNumber(Math.max(...run.loads))}`;
  const head = `IndexedDB in Chromium ${run.version}, ${rounds('open', sizes[0] ?? 0).length} rounds, ${loads}`;
  return [
    head,
    '',
    '| what | target | measured: median of the rounds (range) |',
    '|---|---|---|',
    ...lines.map((line) => `| ${line.join(' | ')} |`),
    ...run.omissions.map((omission) => `\nnot measured: ${omission}`),
    '',
  ].join('\n');
}

function rowsText(rowCount: number): string {
  return rowCount.toLocaleString('en-US');
}
