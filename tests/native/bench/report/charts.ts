import { formatNumber } from './numbers.ts';
import type { CaseTable } from './tables.ts';

/** Cases that a reader looks at first, each at one size. */
const CHARTED: readonly Pick<CaseTable, 'platform' | 'caseName' | 'rowCount'>[] = [
  { platform: 'node', caseName: 'save', rowCount: 100_000 },
  { platform: 'node', caseName: 'callers-64', rowCount: 100_000 },
  { platform: 'chromium', caseName: 'save', rowCount: 1000 },
];
/** A bar this many times as long as the longest of ggen-sim would hide the others. */
const LONGEST_BAR = 8;

/** Bar charts in Mermaid's notation. Engines that would hide the others are named below a chart. */
export function charts(tables: readonly CaseTable[]): string[] {
  return CHARTED.flatMap((wanted) => {
    const table = tables.find(
      ({ platform, caseName, rowCount }) =>
        platform === wanted.platform && caseName === wanted.caseName && rowCount === wanted.rowCount,
    );
    return table ? chart(table) : [];
  });
}

function chart({ platform, title, unit, better, rowCount, rows }: CaseTable): string[] {
  const reference = rows.filter(({ ggenSim }) => ggenSim).map(({ summary }) => summary.median);
  const limit = better === 'lower' ? LONGEST_BAR * Math.max(...reference) : Infinity;
  const shown = rows.filter(({ comparable, summary }) => comparable && summary.median <= limit);
  const longer = rows.filter(({ comparable, summary }) => comparable && summary.median > limit);
  const place = platform === 'node' ? 'Node' : 'Chromium';
  return [
    '```mermaid',
    'xychart-beta horizontal',
    `  title "${place}: ${title}, ${rowCount.toLocaleString('en-US')} rows (${better} is better)"`,
    `  x-axis [${shown.map(({ title: engine }) => JSON.stringify(engine)).join(', ')}]`,
    `  y-axis "median ${unit}"`,
    `  bar [${shown
      .map(({ summary }) => summary.median.toPrecision(3))
      .map(Number)
      .join(', ')}]`,
    '```',
    ...(longer.length > 0
      ? [
          '',
          `Longer than the chart: ${longer.map(({ title: engine, summary }) => `${engine} ${formatNumber(summary.median)} ${unit}`).join('; ')}.`,
        ]
      : []),
    '',
  ];
}
