import type { AgentSelection } from './rows.ts';

/**
 * Filters of rows. A row is selected when it passes every filter that is given. Each query takes those that its table has a
 * column for.
 */
export interface RowFilters extends AgentSelection {
  /** Status of the row, or several of them, compared exactly. */
  readonly status?: string | readonly string[];
  /** Type of the agent, compared exactly, or the beginning of it with `*` at the end: `valid*`. */
  readonly agentType?: string;
  /** Id of the execution, compared exactly, or the beginning of it with `*` at the end. `\*` at the end is a `*`. */
  readonly execution?: string;
  /** Audited operation, compared exactly, or the beginning of it with `*` at the end. */
  readonly operation?: string;
  /** Type of the audited operation, compared exactly, or the beginning of it with `*` at the end. */
  readonly operationType?: string;
  /**
   * Only rows of this moment or later: a date (`2026-01-31`), a time in UTC or with an offset (`2026-01-31T12:00:00+01:00`),
   * or a span before now: seconds, minutes, hours, days or weeks (`90s`, `15m`, `2h`, `3d`, `1w`). Times that other programs
   * stored are compared as moments, and what cannot be read as a time is left out. A stream or export counts a span from
   * when its first rows are read; each page of a query with `after` counts it anew.
   */
  readonly since?: string;
  /** Only rows before this moment, given as for `since`. */
  readonly until?: string;
  /**
   * Text that the row contains in its JSON, its execution id, its operation, its details or its error message, whichever the
   * table has. ASCII letters match in either case; nothing is a wildcard. JSON is searched as it is stored.
   */
  readonly text?: string;
  /**
   * Condition on the stored JSON (of audit entries: on details that are JSON), or several that must all hold: a path, a
   * comparison (`=`, `!=`, `<`, `<=`, `>`, `>=`) and a JSON value, such as `$.files_generated > 10`,
   * `$.status = "success"` or `$.stages[0].name != "parse"`. A path alone selects the rows that have it. Values are equal
   * when type and value are, and only values of the same type are ordered: numbers exactly, texts by Unicode code points.
   */
  readonly where?: string | readonly string[];
}

/** Filters of receipts. */
export type ReceiptFilters = Omit<RowFilters, 'operation' | 'operationType'>;

/** Filters of agent memory. */
export type MemoryFilters = Omit<RowFilters, 'status' | 'execution' | 'operation' | 'operationType'>;

/** Filters of audit entries. */
export interface AuditFilters extends Omit<RowFilters, 'agentType' | 'execution'> {
  /** Number of days to look back from now; it excludes `since`. @default 7, unless `since` or `until` is given */
  readonly days?: number;
}

/** Where a query begins. */
export interface Continuation {
  /** Continue after the rows that returned this `nextCursor`, in the same order. */
  readonly after?: string;
}
