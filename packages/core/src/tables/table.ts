import type { TableName } from '../api/persistence.ts';

/** A table as the repositories read it: which column fills which field of a row, in the order of the SELECT. */
export interface AnyTable {
  readonly name: TableName;
  /** What "newest first" and "oldest first" go by. */
  readonly timeColumn: string;
  readonly columns: readonly {
    /** As in the database and in exports: `execution_id`. */
    readonly column: string;
    /** As in the API: `executionId`. */
    readonly field: string;
  }[];
}

/** A table whose rows have a known type. */
export interface TableShape<Row> extends AnyTable {
  readonly columns: readonly { readonly column: string; readonly field: keyof Row & string }[];
}

/** The columns of a SELECT, in order. */
export function selectList(table: AnyTable): string {
  return table.columns.map(({ column }) => column).join(', ');
}

/** Builds a row of the API from the values of a SELECT over {@link selectList}, starting at an offset. */
export function toRow<Row>(table: AnyTable, values: readonly unknown[], offset: number = 0): Row {
  const row: Record<string, unknown> = {};
  for (const [index, { field }] of table.columns.entries()) row[field] = values[offset + index];
  return row as Row;
}
