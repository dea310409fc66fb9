/** Summary of a validation run for people. The receipt has all details. */
import type { ValidationRun, Violation } from '@ggen-sim/agents';

/** Number of violations printed; the receipt lists all. */
const MAX_SHOWN_VIOLATIONS = 50;

/**
 * Formats the violations, each with focus node, path, value, shape and message, then the result of the run.
 * @param shorten - replaces full IRIs by prefixed names
 */
export function explainRun(
  run: Pick<ValidationRun, 'violations' | 'prefixes' | 'message' | 'receiptId' | 'error'>,
  shorten: (text: string, prefixes: ReadonlyMap<string, string>) => string,
): string[] {
  const { violations, prefixes, message, receiptId, error } = run;
  const hidden = violations.length - MAX_SHOWN_VIOLATIONS;
  return [
    ...violations
      .slice(0, MAX_SHOWN_VIOLATIONS)
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

/** Formats the source line of a syntax error with a caret under its column. */
function excerptLines({ location }: NonNullable<ValidationRun['error']>): string[] {
  if (location === undefined) return [];
  return [`  ${location.excerpt}`, `  ${' '.repeat(location.excerptColumn - 1)}^`];
}
