import type { Signal } from './platform-types.ts';

/** A value of SQLite. An integer beyond 2^53 is a bigint, a BLOB is bytes. */
export type SqlResultValue = string | number | bigint | Uint8Array | null;

/** A query in SQL, for `querySql`. */
export interface SqlQuery {
  /** One statement that only reads: a SELECT, VALUES, EXPLAIN, or a PRAGMA that tells something. */
  readonly sql: string;
  /** A value for each parameter of the statement (`?`, `?1`, `:name`), in order. @default none */
  readonly parameters?: readonly SqlResultValue[];
  /** Number of rows to return at most. @default 1000 */
  readonly limit?: number;
  /**
   * Time after which the query is ended with `TIMEOUT`, in milliseconds. Until then it occupies the thread that SQLite runs
   * in, and other processes cannot save.
   * @default 10000
   */
  readonly timeoutMs?: number;
  /** Return SQLite's query plan instead of the rows. @default false */
  readonly explain?: boolean;
  /** Ends the wait for earlier operations with `ABORTED`. A query that has begun ends by its time limit. */
  readonly signal?: Signal;
}

/** Rows of a query in SQL. */
export interface SqlResult {
  /** Names of the columns, as SQLite gives them. They may be equal. */
  readonly columns: readonly string[];
  /** The values of each row, in the order of the columns. */
  readonly rows: readonly (readonly SqlResultValue[])[];
  /** True when there are more rows than the limit, or than 64 MiB of values. */
  readonly hasMore: boolean;
}
