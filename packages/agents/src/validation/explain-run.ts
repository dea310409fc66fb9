import type { AgentRun } from '../agent.ts';
import { shortenIris } from '../rdf/terms.ts';
import type { Violation } from '../shacl/violation.ts';
import { MAX_LISTED_RESULTS } from './results.ts';
import type { ValidationOutcome } from './validate.ts';

/** Number of violations explained. More would fill the terminal. */
const MAX_EXPLAINED = 50;

/**
 * Explains violations by focus node, path, value, shape and message, then the verdict.
 *
 * @param maxExplained - number of violations that are explained
 */
export function explainRun(run: AgentRun<ValidationOutcome>, maxExplained: number = MAX_EXPLAINED): string[] {
  const { violations, prefixes, message, error } = run;
  const omitted = violations.length - maxExplained;
  return [
    ...violations.slice(0, maxExplained).flatMap((violation) => explain(violation, prefixes)),
    ...(omitted > 0 ? [`… and ${omitted} more; ${inReceipt(violations.length)}`, ''] : []),
    ...(error === null ? [message] : []),
  ];
}

function inReceipt(results: number): string {
  return results > MAX_LISTED_RESULTS
    ? `the receipt lists the first ${MAX_LISTED_RESULTS}`
    : 'the receipt lists them all';
}

function explain(violation: Violation, prefixes: ReadonlyMap<string, string>): string[] {
  const { severity, focusNode, path, value, shape, message } = violation;
  const short = (text: string): string => shortenIris(text, prefixes);
  return [
    `${severity}: ${short(focusNode)}`,
    ...(path === null ? [] : [`  path     ${short(path)}`]),
    ...(value === null ? [] : [`  value    ${short(value)}`]),
    `  shape    ${short(shape)}`,
    `  message  ${message}`,
    '',
  ];
}
