import fs from 'node:fs';
import path from 'node:path';
import { PersistenceError } from '../api/errors.ts';

/** The first bytes of an SQLite file (https://www.sqlite.org/fileformat.html#the_database_header). */
const MAGIC: Buffer = Buffer.from('SQLite format 3\0');

/** Suffixes of the files that SQLite keeps beside a database. */
const BESIDE_DATABASE = /-(?:journal|wal|shm)$/;

// Missing on Windows, where opening a pipe does not wait.
const O_NONBLOCK: number = fs.constants.O_NONBLOCK ?? 0;

/**
 * Refuses an output that would take the place of an SQLite database, or of the journal or log beside one. Databases are
 * recognised by their content. So links of any kind are found, and the databases that other processes have open.
 * @param target - the path without symlinks; missing folders on the way to it would be created
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export function refuseDatabaseFile(operation: string, target: string, shownPath: string): void {
  for (let current = target; current !== path.dirname(current); current = path.dirname(current)) {
    const database = current.replace(BESIDE_DATABASE, '');
    if (!isDatabase(database)) continue;
    const found = database === current ? 'is an SQLite database' : `belongs to the database ${database}`;
    throw new PersistenceError('INVALID_ARGUMENT', `Invalid output: ${shownPath} ${found}`, {
      operation,
      hint: 'Choose another path. Nothing was written.',
    });
  }
}

function isDatabase(filePath: string): boolean {
  let fd: number;
  try {
    // Opening a device can change it: a tape rewinds, a serial line raises its signals.
    if (!fs.statSync(filePath).isFile()) return false;
    fd = fs.openSync(filePath, fs.constants.O_RDONLY | O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(MAGIC.length);
    return fs.fstatSync(fd).isFile() && fs.readSync(fd, start) === start.length && start.equals(MAGIC);
  } finally {
    fs.closeSync(fd);
  }
}
