import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type { Persistence, RecordBatch, RowCheck, RowCounts, Rows, TableName } from '../api/persistence.ts';

/** Names of the methods of the API that answer rows. */
export type RowMethod = {
  [Method in keyof Persistence]: ReturnType<Persistence[Method]> extends Rows<unknown> ? Method : never;
}[keyof Persistence];

/** A column of a table and the field of a row that holds its value. */
export interface Column<Field extends string = string> {
  /** Name in the database and in exports: `execution_id`. */
  readonly column: string;
  /** Name in the API: `executionId`. */
  readonly field: Field;
  /** Kind of the values: text that is kept as it is, times, or whole numbers. @default 'text' */
  readonly holds?: 'text' | 'time' | 'number';
  /** True for a column that holds a JSON document. @default false */
  readonly isJson?: boolean;
  /** True for a column that is NULL in some rows. @default false */
  readonly optional?: boolean;
  /** Schema version whose migration adds the column. @default the one that makes the table */
  readonly addedIn?: number;
}

/** Options of a query that compare one column of the table. */
export type FilterOption = 'status' | 'agentType' | 'execution' | 'operation' | 'operationType';

/** The column that a {@link FilterOption} compares. */
export interface FilterColumn {
  readonly column: string;
  /** True when an index begins with the column. @default false */
  readonly isIndexed?: boolean;
}

/** A row that was written, for the change log. */
export interface WrittenRow {
  readonly table: TableName;
  /** Values of the columns, in the order of the table. */
  readonly values: readonly SqlValue[];
  /** @default the rowid of the last INSERT */
  readonly rowid?: SqlValue;
  /** Values that the write replaced, in the order of the table. */
  readonly replaced?: readonly SqlValue[] | undefined;
  /** The hash of the values (`leafOf`), where it is known. @default computed */
  readonly leaf?: Uint8Array | undefined;
}

/** Where each written row is noted, in the transaction of the row. */
export interface WriteContext {
  readonly connection: SqliteConnection;
  /** Time to store. */
  readonly now: string;
  /** Notes a row; undefined in a database without a change log. */
  readonly log: ((row: WrittenRow) => void) | undefined;
}

/** Writes one checked row. The caller holds a transaction. */
export type Insert<Saved> = (context: WriteContext) => Saved;

/** A table whose rows are read in order of their rowids, written to backups and restored from them. */
export interface StoredTable {
  readonly name: string;
  /** Columns in the order of the SELECT; the row's id, which is unique, first. */
  readonly columns: readonly Column[];
  /** File of its rows in a backup. */
  readonly backupFile: string;
}

/** Values of a row, by the names of its fields; some are left out. */
export type GivenRow = Readonly<Record<string, SqlValue | undefined>>;

/** A table as everything that treats all tables alike sees it: queries, backups, cleanup, verify and schema checks. */
export interface AnyTable extends StoredTable {
  readonly name: TableName;
  /** Column that "newest first" and "oldest first" go by. */
  readonly timeColumn: string;
  /** Column that tells cleanup how old a row is; undefined where rows do not age. */
  readonly ageingColumn: string | undefined;
  /** Column with a UNIQUE constraint, by which the statements find an existing row. */
  readonly uniqueColumn: string | undefined;
  /** Key of its rows in a {@link RecordBatch}. */
  readonly batchKey: keyof RecordBatch;
  /** Key of its row count in a {@link RestoreReport}; in a `CleanupReport` followed by `Deleted`. */
  readonly reportKey: keyof RowCounts;
  /** Name of its check in a `VerifyReport`. */
  readonly verifyCheck: RowCheck;
  /** The method that queries it, and the limits used where the query names none. */
  readonly query: {
    readonly method: RowMethod;
    /** @default no limit */
    readonly defaultLimit?: number;
    /** Days back from now. Only a table that has this takes `days` in its query. */
    readonly defaultDays?: number;
  };
  /** Columns of the filters that the query takes, beyond agent and period. */
  readonly filterColumns: Readonly<Partial<Record<FilterOption, FilterColumn>>>;
  /** Columns in which the filter `text` searches. */
  readonly textColumns: readonly string[];
  /** Column of the document that the filter `where` is a condition on. */
  readonly jsonColumn: string;
  /** Columns whose content a redaction replaces by its hash. */
  readonly contentColumns: readonly string[];
  /** Column of the durations that rows can be ordered by; undefined where rows have none. */
  readonly durationColumn: string | undefined;
  /**
   * Checks a row to save.
   * @throws {PersistenceError} INVALID_ARGUMENT, INVALID_JSON
   */
  prepare(operation: string, input: object): Insert<object>;
  /**
   * Adds to a row what it leaves out, as a save does. What a save requires and the row leaves out is NULL.
   * @param now - in this program's form
   */
  complete(given: GivenRow, now: string): object;
  /**
   * Checks a stored row by the rules that {@link AnyTable.prepare} enforces.
   * @param isImported - true for a receipt of the original scripts, whose id cannot be recomputed
   * @returns the first problem, or undefined
   */
  problemOf(row: object, isImported: boolean): string | undefined;
}

/** A table whose types are known: the rows it holds, the input it takes and the answer to a save. */
export interface Table<Row extends object, Input extends object, Saved extends object> extends AnyTable {
  readonly columns: readonly Column<keyof Row & string>[];
  prepare(operation: string, input: Input): Insert<Saved>;
  problemOf(row: Row, isImported: boolean): string | undefined;
}

/** Lists the columns of a SELECT, in order. */
export function selectList({ columns }: { readonly columns: readonly Pick<Column, 'column'>[] }): string {
  return columns.map(({ column }) => column).join(', ');
}

/**
 * Makes the INSERT of a whole row, one bound value per column, in order. OR ABORT overrides conflict clauses of a schema that
 * another program made: REPLACE would delete other rows, IGNORE would drop this one in silence.
 * @param values - the expressions of the values. @default a parameter for each column
 */
export function insertSql(
  table: { readonly name: string; readonly columns: readonly Pick<Column, 'column'>[] },
  values: readonly string[] = table.columns.map(() => '?'),
): string {
  return `INSERT OR ABORT INTO ${table.name} (${selectList(table)}) VALUES (${values.join(', ')})`;
}

/** Builds a row of the API from the values of a SELECT over {@link selectList}, starting at an offset. */
export function toRow<Row>(table: StoredTable, values: readonly unknown[], offset: number = 0): Row {
  const row: Record<string, unknown> = {};
  for (const [index, { field }] of table.columns.entries()) row[field] = values[offset + index];
  return row as Row;
}

/** Lists the values of a row of the API in the order of the columns. */
export function valuesOf(table: StoredTable, row: object): SqlValue[] {
  return table.columns.map(({ field }) => (row as Readonly<Record<string, SqlValue>>)[field] ?? null);
}

/**
 * Checks a stored row: that each column holds the kind of value that it is for, and the rules of its table. A count may be
 * NULL: the original scripts left it out.
 * @param isImported - true for a receipt of the original scripts, whose id cannot be recomputed
 * @returns the first problem, or undefined
 */
export function rowProblem(table: AnyTable, row: object, isImported: boolean): string | undefined {
  for (const { column, field, holds = 'text', optional } of table.columns) {
    const value = (row as Readonly<Record<string, unknown>>)[field] ?? null;
    if (value === null && holds === 'text' && !optional) return `${column} is NULL`;
    if (value === null || holds === 'time') continue;
    const fits = holds === 'text' ? typeof value === 'string' : Number.isSafeInteger(value);
    if (!fits)
      return `${column} is ${describeValue(value)}, not ${holds === 'text' ? 'text' : 'a whole number below 2^53'}`;
  }
  return table.problemOf(row, isImported);
}

function describeValue(value: unknown): string {
  if (value instanceof Uint8Array) return `binary data (${value.length} bytes)`;
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : `a ${typeof value}`;
}
