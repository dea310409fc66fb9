/** Recognition of SQLite databases by their first bytes, without the database code. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { mayBeEncrypted } from '@ggen-sim/sqljs-vfs/internal';

/** First bytes of an SQLite file (https://www.sqlite.org/fileformat.html#the_database_header). */
const MAGIC = 'SQLite format 3\0';

/** Suffixes of the files that SQLite keeps beside a database. */
const BESIDE_DATABASE = /-(?:journal|wal|shm)$/u;

/** Size of the first page of an encrypted database, which is recognised by it. */
const PAGE_SIZE_BYTES = 4096;

/** True for a regular file that is an SQLite database, whoever made it, or that seems to be an encrypted one. */
export function isSqliteFile(path: string): boolean {
  return kindOf(path) !== undefined;
}

/** True for a regular file that seems to be an encrypted SQLite database. */
export function isEncryptedFile(path: string): boolean {
  return kindOf(path) === 'encrypted';
}

function kindOf(path: string): 'plain' | 'encrypted' | undefined {
  try {
    const status = statSync(path);
    // Opening a pipe would wait for its writer.
    if (!status.isFile()) return undefined;
    const fd = openSync(path, 'r');
    try {
      const page = Buffer.alloc(PAGE_SIZE_BYTES);
      const start = page.subarray(0, readSync(fd, page));
      if (start.toString('latin1', 0, MAGIC.length) === MAGIC) return 'plain';
      return mayBeEncrypted(start, status.size) ? 'encrypted' : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** True for an SQLite database, and for the journal or log beside one. */
export function belongsToSqlite(path: string): boolean {
  return (
    isSqliteFile(path) || (BESIDE_DATABASE.test(path) && isSqliteFile(path.replace(BESIDE_DATABASE, '')))
  );
}
