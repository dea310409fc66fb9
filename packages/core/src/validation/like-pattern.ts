import type { AgentSelection } from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import { checkRequired, checkText, invalid } from './arguments.ts';

/** SQLite's limit (SQLITE_MAX_LIKE_PATTERN_LENGTH, https://www.sqlite.org/limits.html). */
const MAX_PATTERN_BYTES = 50_000;

/** SQLite compares a pattern by one call within another for each `%`, and from some 6,000 on the stack ends. */
const MAX_WILDCARDS = 1000;

/** No character sorts after it. */
export const LAST_CHARACTER = '\u{10FFFF}';

/** A checked condition over agent ids. */
export interface AgentFilter {
  /** SQL after the column, with one bound value. */
  readonly comparison: string;
  readonly value: string;
}

const LIKE = String.raw`LIKE ? ESCAPE '\'`;

/** Condition that holds for every agent. */
export const EVERY_AGENT: AgentFilter = { comparison: LIKE, value: '%' };

/**
 * Checks a selection of agents and returns it as SQL.
 * @throws {PersistenceError} INVALID_ARGUMENT
 */
export function checkAgent(operation: string, { agent, agentExact }: AgentSelection): AgentFilter {
  if (agentExact === undefined) return agent === undefined ? EVERY_AGENT : checkPattern(operation, agent);
  if (agent !== undefined) {
    throw new PersistenceError('INVALID_ARGUMENT', 'agent and agentExact exclude each other', { operation });
  }
  checkRequired(operation, { agentExact });
  return { comparison: '= ?', value: checkText({ operation, name: 'agentExact' }, agentExact) };
}

/**
 * Checks a pattern and returns it as SQL LIKE (https://www.sqlite.org/lang_expr.html#like). `%`, `_` and `*` are wildcards,
 * unless a backslash stands before them. Before any other character a backslash is itself. ASCII letters match in either
 * case.
 */
function checkPattern(operation: string, pattern: unknown): AgentFilter {
  const field = { operation, name: 'agent' };
  const value = checkText(field, pattern).replaceAll(/\\(?<escaped>[%_*\\])|[*\\]/gu, likeOf);
  if (/^%+$/.test(value)) return EVERY_AGENT;
  if (new TextEncoder().encode(value).length > MAX_PATTERN_BYTES) {
    throw invalid(field, pattern, `a pattern of at most ${MAX_PATTERN_BYTES} bytes`);
  }
  if (value.split('%').length - 1 > MAX_WILDCARDS) {
    throw invalid(field, pattern, `a pattern with at most ${MAX_WILDCARDS} of % and *`);
  }
  return { comparison: LIKE, value };
}

/** Translates `*` or a backslash, with the character that it escapes, to SQL LIKE. */
function likeOf(given: string, escaped: string | undefined): string {
  if (given === '*') return '%';
  return escaped === '*' ? '*' : `\\${escaped ?? '\\'}`;
}
