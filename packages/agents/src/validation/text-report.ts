import { allErrorsOf, describeError } from '../errors.ts';
import { explainRun } from './explain-run.ts';
import type { ValidationRun } from './result-severity.ts';

/** Writes every result and the verdict, for people. */
export function textReport(run: ValidationRun): string {
  const lines = explainRun(run, Infinity);
  const errors = run.error === null ? [] : allErrorsOf(run.error).map(describeError);
  return `${[...lines, ...errors].join('\n')}\n`;
}
