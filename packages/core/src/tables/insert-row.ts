import { ResultCode } from '@ggen-sim/sqljs-vfs';
import { resultCodeOf } from '../engine/error-mapping.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { TextBytes } from './stored-bytes.ts';
import { insertSql, type StoredTable } from './table.ts';

/** The INSERT of values in UTF-8, by its table. */
const USUAL: WeakMap<StoredTable, string> = new WeakMap();

/**
 * Makes the INSERT of a row as it was read, whatever its values. A text that is not UTF-8 needs another statement; a database
 * in UTF-16 has no form for it, so it keeps the bytes as a BLOB.
 */
export function insertRowSql(
  table: StoredTable,
  connection: SqliteConnection,
  values: readonly SqlValue[],
): string {
  if (!values.some((value) => value instanceof TextBytes)) {
    const sql = USUAL.get(table) ?? insertSql(table);
    USUAL.set(table, sql);
    return sql;
  }
  const textBytes = connection.get('PRAGMA encoding')?.[0] === 'UTF-8' ? 'CAST(? AS TEXT)' : '?';
  return insertSql(
    table,
    values.map((value) => (value instanceof TextBytes ? textBytes : '?')),
  );
}

/** True for what SQLite answers to a value that a column cannot hold. */
export function isRefusedValue(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === ResultCode.CONSTRAINT || code === ResultCode.MISMATCH;
}
