import type { AgentRun } from '../agent.ts';
import type { ValidationOutcome } from './validate.ts';

/** Finished validation, as reports are made from it. */
export type ValidationRun = AgentRun<ValidationOutcome>;

/** Finished validation with the names of its documents. */
export interface ValidatedFiles {
  readonly run: ValidationRun;
  readonly files: readonly string[];
}

/** Severity at which a build fails, or that of the worst result. */
export type Severity = 'violation' | 'warning' | 'info';

/** Severities of SHACL; any other counts as a violation. */
const SEVERITIES: Readonly<Record<string, Severity>> = { Warning: 'warning', Info: 'info' };

/** Returns the severity of a result among SHACL's three. */
export function severityOf(severity: string): Severity {
  return SEVERITIES[severity] ?? 'violation';
}

/** Returns the document that results are about: the only one of the spec, if it is the only one. */
export function onlyDocument(files: readonly string[]): string | undefined {
  return files.length === 1 ? files[0] : undefined;
}
