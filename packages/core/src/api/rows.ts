/**
 * A JSON document to store. Text is checked and kept byte for byte. Any other value is serialised canonically
 * (RFC 8785). To store a JSON string, pass its text: `'"like this"'`.
 */
export type JsonInput =
  | string
  | number
  | boolean
  | null
  | readonly unknown[]
  | { readonly [key: string]: unknown };

/**
 * Result of a query: `await` it for an array, or `for await` it to stream without building one. Streaming reads in
 * batches. A row is returned exactly once if it is stored when streaming begins and still stored when its batch is read,
 * unless it is a memory that is saved again meanwhile.
 */
export interface Rows<Row> extends PromiseLike<Row[]>, AsyncIterable<Row> {
  /**
   * Reads the rows up to the limit, and the cursor that continues after them. It is a position in the order of the rows, not a
   * number of rows: what is saved or deleted in the meantime neither repeats nor hides a row. A memory that is saved again
   * has a new place in the order, so pages and streams from the newest miss it, and those from the oldest have it again.
   */
  withCursor(): Promise<RowsWithCursor<Row>>;
}

/** Rows of a query up to its limit. */
export interface RowsWithCursor<Row> {
  readonly rows: Row[];
  /** For `after` of the next query. Null when fewer rows than the limit were left; with the limit 0 it is where the query began. */
  readonly nextCursor: string | null;
}

/** Selection of agents by their ids. Without either option, every agent is selected. */
export interface AgentSelection {
  /**
   * SQL LIKE pattern; `*` means `%`, and `_` any one character. A backslash before `%`, `_`, `*` or a backslash makes it
   * an ordinary character. ASCII letters match in either case.
   * @default '%'
   */
  readonly agent?: string;
  /** One agent, whose id is compared exactly. It excludes `agent`. */
  readonly agentExact?: string;
}

/**
 * Order of rows by time. Within one second the rows written last are the newest. Times that other programs stored in other
 * forms (Julian days, seconds or milliseconds since 1970, ISO 8601 with `T`, fractions, offsets) are compared as moments.
 * Rows without a time, or with one that cannot be read, are the oldest; only other programs write such rows.
 */
export type RowOrder = 'newest-first' | 'oldest-first';

/** Order of rows by duration, within one duration by the order in which they were written. Rows without one are the shortest. */
export type DurationOrder = 'longest-first' | 'shortest-first';
