/** A validation run in lines for people. The receipt holds the same in full. */
import type { ValidationRun, Violation } from '@ggen-sim/agents';

/** More would bury the terminal. */
const shownViolations = 50;

/**
 * What was found: each violation with focus node, path, value, shape and message, then the verdict.
 * @param shorten - writes full IRIs as prefixed names
 */
export function explainRun(
  run: Pick<ValidationRun, 'violations' | 'prefixes' | 'message' | 'receiptId' | 'error'>,
  shorten: (text: string, prefixes: ReadonlyMap<string, string>) => string,
): string[] {
  const { violations, prefixes, message, receiptId, error } = run;
  const hidden = violations.length - shownViolations;
  return [
    ...violations
      .slice(0, shownViolations)
      .flatMap((violation) => explain(violation, (text) => shorten(text, prefixes))),
    ...(hidden > 0 ? [`… and ${hidden} more; the receipt lists them all`, ''] : []),
    ...(error === null ? [message] : excerptLines(error)),
    ...(receiptId === null ? [] : [`Receipt: ${receiptId}`]),
  ];
}

function explain(violation: Violation, short: (text: string) => string): string[] {
  const { severity, focusNode, path, value, shape, message } = violation;
  return [
    `${severity}: ${short(focusNode)}`,
    ...(path === null ? [] : [`  path     ${short(path)}`]),
    ...(value === null ? [] : [`  value    ${short(value)}`]),
    `  shape    ${short(shape)}`,
    `  message  ${message}`,
    '',
  ];
}

/** The line a syntax error is on, and a mark under the place. */
function excerptLines({ location }: NonNullable<ValidationRun['error']>): string[] {
  if (location === undefined) return [];
  return [`  ${location.excerpt}`, `  ${' '.repeat(location.excerptColumn - 1)}^`];
}
