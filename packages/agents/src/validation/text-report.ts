import { explainRun } from './explain-run.ts';
import type { ValidationRun } from './result-severity.ts';

/** Writes every result and the verdict, for people. */
export function textReport(run: ValidationRun): string {
  const lines = explainRun(run, Infinity);
  return `${(run.error === null ? lines : [...lines, run.message]).join('\n')}\n`;
}
