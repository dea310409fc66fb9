import type { AgentReports } from '../agent.ts';
import type { ValidationInputs, ValidationOutcome } from './validate.ts';
import { type Severity, type ValidationRun, severityOf } from './result-severity.ts';

/** Severities, worst first. */
const SEVERITIES: readonly Severity[] = ['violation', 'warning', 'info'];

/** Reports of a validation. Each is loaded when it is asked for. */
export const validationReports: AgentReports<ValidationInputs, ValidationOutcome> = {
  formats: ['text', 'turtle', 'sarif', 'junit', 'github'],
  async write(run, format, { spec }) {
    const files = spec.map(({ name }) => name);
    switch (format) {
      case 'turtle':
        return (await import('./turtle-report.ts')).turtleReport(run);
      case 'sarif':
        return (await import('./sarif-report.ts')).sarifReport(run, files);
      case 'junit':
        return (await import('./junit-report.ts')).junitReport(run);
      case 'github':
        return (await import('./github-report.ts')).githubReport(run, files);
      default:
        return (await import('./text-report.ts')).textReport(run);
    }
  },
  severities: SEVERITIES,
  worstSeverity: (run: ValidationRun) => {
    const found = new Set(run.violations.map(({ severity }) => severityOf(severity)));
    return SEVERITIES.find((severity) => found.has(severity)) ?? null;
  },
};
