import { PersistenceError } from '../api/errors.ts';
import type { TableName } from '../api/persistence.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { checkJson } from '../validation/json-text.ts';
import { keepBytes } from './stored-bytes.ts';

/** Checks the JSON of a stored row. @returns the problem, or undefined */
export function storedJsonProblem(name: string, text: unknown): string | undefined {
  if (typeof text !== 'string') return `${name}_json is not text`;
  try {
    checkJson({ operation: 'verify', name }, text);
    return undefined;
  } catch (error) {
    if (error instanceof PersistenceError) return error.message;
    throw error;
  }
}

/**
 * Returns the stored JSON of a row as text, exactly.
 * @param row - its rowid and the value of the column
 * @throws {PersistenceError} INVALID_JSON for bytes that another program stored: they are no text
 */
export function storedJsonText(
  connection: SqliteConnection,
  operation: string,
  { table, column }: { readonly table: TableName; readonly column: string },
  row: SqlValue[],
): string {
  keepBytes(connection, table, [column], row, 1);
  return checkJsonText(operation, column, row[1]);
}

/**
 * Checks a stored value that is to be JSON.
 * @param stored - bytes for what is no text in UTF-8
 * @returns it as text, exactly
 * @throws {PersistenceError} INVALID_JSON
 */
export function checkJsonText(operation: string, column: string, stored: unknown): string {
  if (typeof stored === 'string') return stored;
  const found = stored instanceof Uint8Array ? `${stored.length} bytes` : JSON.stringify(stored ?? null);
  throw new PersistenceError('INVALID_JSON', `The stored ${column} is no text (${found})`, {
    operation,
    hint: 'Another program wrote it. A query of the rows has the bytes in base64.',
  });
}
