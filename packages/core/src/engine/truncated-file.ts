import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/**
 * Checks that the file was not truncated in the middle of its last page. SQLite counts that page in full and reads the
 * missing bytes as zeros; it detects only whole missing pages.
 * @throws {PersistenceError} CORRUPT
 */
export function assertNotTruncated(connection: SqliteConnection, operation: string): void {
  const { durable } = connection;
  // Pages in a write-ahead log need not be in the file yet.
  if (durable.journalMode === 'wal') return;
  const { sizeBytes, expectedBytes } = connection.snapshot(() => ({
    expectedBytes: connection.sizeBytes(),
    sizeBytes: durable.sizeBytes(),
  }));
  if (sizeBytes >= expectedBytes) return;
  throw new PersistenceError(
    'CORRUPT',
    `The database file is damaged: it has ${sizeBytes} bytes, but its pages need ${expectedBytes}`,
    { operation, hint: 'Restore a backup. The file was left untouched.' },
  );
}
