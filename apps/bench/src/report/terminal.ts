import type { Results } from '../results.ts';
import { figure } from './figures.ts';
import { caseTables, type CaseTable } from './tables.ts';

/** A run as text for a terminal. */
export function terminalReport(results: Results): string {
  const lines: string[] = [''];
  for (const table of caseTables(results)) lines.push(...tableLines(table), '');
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
