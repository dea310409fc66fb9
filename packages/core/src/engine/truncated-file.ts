import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/**
 * Refuses a file that was cut in the middle of its last page. SQLite counts that page in full and reads the missing
 * bytes as zeros; it notices by itself only when whole pages are missing.
 * @throws PersistenceError `CORRUPT`
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
    `The database file is damaged: it has ${sizeBytes} bytes, its pages take ${expectedBytes}`,
    { operation, hint: 'Restore a backup; the file was left as it is.' },
  );
}
