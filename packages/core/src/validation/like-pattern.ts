import { type Field, checkText, invalid } from './arguments.ts';

/** SQLite's limit (SQLITE_MAX_LIKE_PATTERN_LENGTH, https://www.sqlite.org/limits.html). */
const MAX_PATTERN_BYTES = 50_000;

/** Pattern that matches every agent. */
export const EVERY_AGENT = '%';

/**
 * Checks a pattern over agent ids and returns it as SQL LIKE (https://www.sqlite.org/lang_expr.html#like). `*` means `%`.
 * `%` and `_` are wildcards. ASCII letters match in either case.
 */
export function checkPattern(field: Field, pattern: unknown): string {
  const text = checkText(field, pattern).replaceAll('*', '%');
  if (/^%+$/.test(text)) return EVERY_AGENT;
  if (new TextEncoder().encode(text).length > MAX_PATTERN_BYTES) {
    throw invalid(field, pattern, `a pattern of at most ${MAX_PATTERN_BYTES} bytes`);
  }
  return text;
}
