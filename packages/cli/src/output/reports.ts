/** Output of reports: statistics, analytics, status, and results of maintenance. */
import type { CommandContext } from '../command-context.ts';
import { choice, type Parameter } from '../parameters.ts';
import { snakeCase } from '../letter-case.ts';

const REPORT_FORMATS = ['json', 'table'] as const;

/** Format of a report. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Makes the `--format` option of a report. */
export function reportFormat(): Parameter<ReportFormat> {
  return choice(REPORT_FORMATS, { default: 'json', description: 'output format' });
}

/** Writes a report of the API. Its keys are spelled like the columns of the tables. */
export async function writeReport(
  report: object,
  format: ReportFormat,
  { stdout, terminal }: Pick<CommandContext, 'stdout' | 'terminal'>,
): Promise<void> {
  if (format === 'json') {
    await stdout.writeLine(reportJson(report));
    return;
  }
  const { renderReport } = await import('./report-table.ts');
  await stdout.writeSafe(renderReport(report, terminal));
}

/** Formats a report as indented JSON. */
export function reportJson(report: object): string {
  return JSON.stringify(snakeCaseKeys(report), undefined, 2);
}

/** Formats a report as JSON in one line. */
export function reportLine(report: object): string {
  return JSON.stringify(snakeCaseKeys(report));
}

/** Renames all keys. Reports have no keys chosen by a user. */
function snakeCaseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCaseKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [snakeCase(key), snakeCaseKeys(member)]),
  );
}
