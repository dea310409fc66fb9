import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';

/** The bytes of a TEXT that is not UTF-8, told from those of a BLOB. */
export class TextBytes extends Uint8Array {}

/**
 * Puts the bytes of texts that are not UTF-8 in place of the texts, in which each wrong byte has become U+FFFD. Only other
 * programs store such texts. Databases in UTF-16 have none that SQLite does not read in the same way.
 * @param row - its rowid first, and the values of the columns from an offset
 * @param kind - the class of the bytes. @default the one that a BLOB has
 */
export function keepBytes(
  connection: SqliteConnection,
  table: string,
  columns: readonly string[],
  row: SqlValue[],
  offset: number,
  kind: typeof Uint8Array = Uint8Array,
): void {
  for (const [index, column] of columns.entries()) {
    const value = row[offset + index];
    if (typeof value !== 'string' || !value.includes('\ufffd')) continue;
    const [bytes] =
      connection.get(
        `SELECT CAST(${column} AS BLOB) FROM ${table} WHERE rowid = ?
           AND (SELECT encoding FROM pragma_encoding) = 'UTF-8'`,
        [row[0] ?? null],
      ) ?? [];
    if (bytes instanceof Uint8Array && !isUtf8(bytes)) row[offset + index] = new kind(bytes);
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
