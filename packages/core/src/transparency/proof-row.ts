import type { TableName } from '../api/tables.ts';
import { encodeObject } from '../change-log/entry-body.ts';
import type { SqlValue } from '../engine/sqlite-connection.ts';
import { columnsOfTable } from '../tables/index.ts';

/** Writes the row of a proof: a JSON object of all columns of its table, in their order. */
export function encodeProofRow(table: TableName, values: readonly SqlValue[]): string {
  return encodeObject(
    Object.fromEntries(columnsOfTable(table).map(({ column }, index) => [column, values[index] ?? null])),
  );
}
