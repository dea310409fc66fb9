/**
 * The table `_schema_metadata`. It holds `schema_version`, one `migration_NNNN` per migration (name, checksum, time,
 * program), `adopted_receipts`: the greatest rowid among imported receipts, whose ids this program did not make, the id of the
 * change log, holds, and the state of the synchronisation.
 */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { StoredColumn } from './column-check.ts';
import { toTimestamp } from '../validation/timestamps.ts';

/** Name of the table and its columns. */
export const METADATA_TABLE = '_schema_metadata';
export const METADATA_COLUMNS: readonly StoredColumn[] = [
  { column: 'key' },
  { column: 'value' },
  { column: 'updated_at', holds: 'time' },
];

const IMPORTED_RECEIPTS = 'adopted_receipts';

/** Reads the value of a key. */
export function readMetadata(connection: SqliteConnection, key: string): string | undefined {
  const row = connection.get('SELECT value FROM _schema_metadata WHERE key = ?', [key]);
  return row === undefined ? undefined : String(row[0]);
}

/** Stores the value of a key. The caller holds a transaction. */
export function writeMetadata(connection: SqliteConnection, key: string, value: string, now: Date): void {
  connection.run(
    `INSERT INTO _schema_metadata (key, value, updated_at) VALUES (?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
    [key, value, toTimestamp(now)],
  );
}

/** Removes a key. The caller holds a transaction. @returns false when it was not there */
export function removeMetadata(connection: SqliteConnection, key: string): boolean {
  return connection.run('DELETE FROM _schema_metadata WHERE key = ?', [key]) === 1;
}

/** Reads the greatest rowid among receipts imported from the original scripts; 0 without any. */
export function importedReceipts(connection: SqliteConnection): number {
  return Number(readMetadata(connection, IMPORTED_RECEIPTS) ?? 0);
}

/** Records which receipts are imported: those up to a rowid. The caller holds a transaction. */
export function recordImportedReceipts(connection: SqliteConnection, greatestRowid: number, now: Date): void {
  writeMetadata(connection, IMPORTED_RECEIPTS, String(greatestRowid), now);
}

/** Counts the receipts imported from the original scripts. */
export function countImportedReceipts(connection: SqliteConnection): number {
  const [count] = connection.get('SELECT count(*) FROM receipts WHERE rowid <= ?', [
    importedReceipts(connection),
  ]) ?? [0];
  return Number(count);
}
