/** Reports (statistics, analytics, status) on standard output. */
import type { CommandContext } from '../command-context.ts';
import { choice, type Input } from '../parameters.ts';
import { snakeCase } from '../letter-case.ts';

const reportFormats = ['json', 'table'] as const;

/** How a report is written. */
export type ReportFormat = (typeof reportFormats)[number];

/** The flag every report takes. */
export function reportFormat(): Input<ReportFormat> {
  return choice(reportFormats, { default: 'json', description: 'how the report is written' });
}

/** Writes a report of the API, its keys spelled as the tables spell theirs. */
export async function writeReport(
  report: object,
  format: ReportFormat,
  { stdout, terminal }: Pick<CommandContext, 'stdout' | 'terminal'>,
): Promise<void> {
  if (format === 'json') {
    await stdout.line(reportJson(report));
    return;
  }
  const { renderReport } = await import('./report-table.ts');
  await stdout.show(renderReport(report, terminal));
}

/** A report as JSON text, indented for people. */
export function reportJson(report: object): string {
  return JSON.stringify(snakeCaseKeys(report), undefined, 2);
}

/** Reports hold no keys that a user chose, so every key is one of ours. */
function snakeCaseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCaseKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [snakeCase(key), snakeCaseKeys(member)]),
  );
}
