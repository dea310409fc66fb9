import type { CrashReport } from '../crash-report.ts';

const HEADINGS = ['storage', 'mode', 'points', 'to recover', 'failures', 'seconds'];

/** Makes the cells of one report. */
function cells(report: CrashReport, failures: string): string[] {
  const { storage, mode, points, needingRecovery, durationMs } = report;
  return [storage, mode, grouped(points), grouped(needingRecovery), failures, (durationMs / 1000).toFixed(1)];
}

/** Makes the rows of a run: the campaigns, their sum, then the negative controls. */
function rows(reports: readonly CrashReport[], controls: readonly CrashReport[]): string[][] {
  const sum = (count: (report: CrashReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  const total = [
    'all',
    '',
    grouped(sum(({ points }) => points)),
    grouped(sum(({ needingRecovery }) => needingRecovery)),
    grouped(sum(({ failures }) => failures.length)),
    sum(({ durationMs }) => durationMs / 1000).toFixed(1),
  ];
  return [
    ...reports.map((report) => cells(report, grouped(report.failures.length))),
    total,
    ...controls.map((report) =>
      cells(report, `must fail: ${grouped(report.failures.length)} ${plural(report.failures.length)}`),
    ),
  ];
}

/** Formats the table for a terminal. */
export function textTable(reports: readonly CrashReport[], controls: readonly CrashReport[]): string {
  const table = [HEADINGS, ...rows(reports, controls)];
  const widths = columnWidths(table);
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Formats the table as Markdown, as the code formatter would. */
export function markdownTable(reports: readonly CrashReport[], controls: readonly CrashReport[]): string {
  const table = [HEADINGS, ...rows(reports, controls)];
  const widths = columnWidths(table);
  const padded = table.map((row) =>
    row.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    ),
  );
  const rule = widths.map((width, column) =>
    isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [headings, ...lines] = padded;
  return [headings!, rule, ...lines].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** True for the first two columns, which are text; the others are numbers. */
const isText = (column: number): boolean => column < 2;

function columnWidths(table: readonly (readonly string[])[]): number[] {
  return HEADINGS.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function plural(count: number): string {
  return count === 1 ? 'failure' : 'failures';
}
