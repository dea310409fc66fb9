/**
 * sql.js's classes, as far as its documentation promises them (https://sql.js.org/documentation/). The types of
 * `@types/sql.js` bring those of Emscripten, which need the DOM's.
 */

/** A value that a query returns. */
export type SqlValue = number | string | Uint8Array | null;

/** A value to bind: a boolean is stored as 0 or 1, a bigint as text, which a column of integers turns back. */
export type BindValue = SqlValue | boolean | bigint | readonly number[];

/** Values to bind, by position or by name. Names have their prefix: `:name`, `@name` or `$name`. */
export type BindParams = readonly BindValue[] | Readonly<Record<string, BindValue>> | null;

/** The rows of one statement. */
export interface QueryResult {
  readonly columns: string[];
  readonly values: SqlValue[][];
}

/** A row by column name. */
export type RowObject = Record<string, SqlValue>;

/** A prepared statement. */
export interface SqlJsStatement {
  bind(values?: BindParams): boolean;
  step(): boolean;
  get(values?: BindParams): SqlValue[];
  getAsObject(values?: BindParams): RowObject;
  getColumnNames(): string[];
  getSQL(): string;
  getNormalizedSQL(): string;
  run(values?: BindParams): void;
  reset(): void;
  freemem(): void;
  free(): boolean;
}

/** The statements of a text, prepared one after the other. */
export interface SqlJsStatementIterator extends Iterable<SqlJsStatement> {
  next(): { readonly done: boolean; readonly value: SqlJsStatement };
  getRemainingSQL(): string;
}

/** Called after a row has changed. It must not use the database. */
export type UpdateHook = (
  operation: 'insert' | 'update' | 'delete',
  database: string,
  table: string,
  rowId: number,
) => void;

/** A connection. */
export interface SqlJsDatabase {
  run(sql: string, values?: BindParams): this;
  exec(sql: string, values?: BindParams): QueryResult[];
  each(sql: string, values: BindParams, onRow: (row: RowObject) => void, onEnd?: () => void): this;
  each(sql: string, onRow: (row: RowObject) => void, onEnd?: () => void): this;
  prepare(sql: string, values?: BindParams): SqlJsStatement;
  iterateStatements(sql: string): SqlJsStatementIterator;
  export(): Uint8Array;
  close(): void;
  getRowsModified(): number;
  /** Makes a function for SQL. Its arguments are SQL values, and so must be its result. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the types of the arguments are the caller's knowledge
  create_function(name: string, callback: (...values: any[]) => BindValue | undefined): this;
  // oxlint-disable-next-line typescript/no-explicit-any -- the state is the caller's
  create_aggregate(name: string, methods: SqlJsAggregate<any>): this;
  updateHook(hook: UpdateHook | null): this;
}

/** The functions of an aggregate. */
export interface SqlJsAggregate<State> {
  readonly init?: () => State;
  // oxlint-disable-next-line typescript/no-explicit-any -- see create_function
  readonly step: (state: State, ...values: any[]) => State;
  readonly finalize?: (state: State) => BindValue | undefined;
}
