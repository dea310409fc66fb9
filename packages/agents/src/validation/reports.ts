import type { AgentReports, ReportedRun } from '../agent.ts';
import type { ValidationInputs, ValidationOutcome } from './validate.ts';
import { type Severity, type ValidatedFiles, type ValidationRun, severityOf } from './result-severity.ts';

/** Severities, worst first. */
const SEVERITIES: readonly Severity[] = ['violation', 'warning', 'info'];

/** Reports of a validation. Each is loaded when it is asked for. */
export const validationReports: AgentReports<ValidationInputs, ValidationOutcome> = {
  formats: ['text', 'turtle', 'sarif', 'junit', 'github', 'jsonl'],
  documentFormats: ['sarif', 'junit'],
  write: (run, format, inputs) => writeAll([{ run, inputs }], format),
  writeAll,
  severities: SEVERITIES,
  worstSeverity: (run: ValidationRun) => {
    const found = new Set(run.violations.map(({ severity }) => severityOf(severity)));
    return SEVERITIES.find((severity) => found.has(severity)) ?? null;
  },
};

async function writeAll(
  runs: readonly ReportedRun<ValidationInputs, ValidationOutcome>[],
  format: string,
): Promise<string> {
  const reported = runs.map(({ run, inputs: { spec } }) => ({ run, files: spec.map(({ name }) => name) }));
  switch (format) {
    case 'turtle':
      return joined(reported, (await import('./turtle-report.ts')).turtleReport);
    case 'sarif':
      return (await import('./sarif-report.ts')).sarifReport(reported);
    case 'junit':
      return (await import('./junit-report.ts')).junitReport(reported);
    case 'github':
      return joined(reported, (await import('./github-report.ts')).githubReport);
    case 'jsonl':
      return joined(reported, (await import('./results.ts')).resultLines);
    default:
      return joined(reported, (await import('./text-report.ts')).textReport);
  }
}

function joined(
  reported: readonly ValidatedFiles[],
  report: (run: ValidationRun, files: readonly string[]) => string,
): string {
  return reported.map(({ run, files }) => report(run, files)).join('');
}
