/** Recognition of SQLite databases by their first bytes, without the database code. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** First bytes of an SQLite file (https://www.sqlite.org/fileformat.html#the_database_header). */
const MAGIC = 'SQLite format 3\0';

/** Suffixes of the files that SQLite keeps beside a database. */
const BESIDE_DATABASE = /-(?:journal|wal|shm)$/u;

/** True for a regular file that is an SQLite database, whoever made it. */
export function isSqliteFile(path: string): boolean {
  try {
    // Opening a pipe would wait for its writer.
    if (!statSync(path).isFile()) return false;
    const fd = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(MAGIC.length);
      return readSync(fd, bytes) === bytes.length && bytes.toString('latin1') === MAGIC;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/** True for an SQLite database, and for the journal or log beside one. */
export function belongsToSqlite(path: string): boolean {
  return (
    isSqliteFile(path) || (BESIDE_DATABASE.test(path) && isSqliteFile(path.replace(BESIDE_DATABASE, '')))
  );
}
