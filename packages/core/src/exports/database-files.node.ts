import fs from 'node:fs';
import path from 'node:path';
import { mayBeEncrypted } from '@ggen-sim/sqljs-vfs/internal';
import { PersistenceError } from '../api/errors.ts';

/** The first bytes of an SQLite file (https://www.sqlite.org/fileformat.html#the_database_header). */
const MAGIC: Buffer = Buffer.from('SQLite format 3\0');

/** Size of the first page of an encrypted database, which is recognised by it. */
const PAGE_SIZE_BYTES = 4096;

/** Suffixes of the files that SQLite keeps beside a database. */
const BESIDE_DATABASE = /-(?:journal|wal|shm)$/;

// Missing on Windows, where opening a pipe does not wait.
const O_NONBLOCK: number = fs.constants.O_NONBLOCK ?? 0;

/**
 * Refuses an output that would take the place of an SQLite database, or of the journal or log beside one. Databases are
 * recognised by their content, encrypted ones by looking like random bytes. So links of any kind are found, and the databases
 * that other processes have open.
 * @param target - the path without symlinks; missing folders on the way to it would be created
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export function refuseDatabaseFile(operation: string, target: string, shownPath: string): void {
  for (let current = target; current !== path.dirname(current); current = path.dirname(current)) {
    const database = current.replace(BESIDE_DATABASE, '');
    const kind = kindOf(database);
    if (kind === undefined) continue;
    const found = database === current ? KINDS[kind] : `belongs to the database ${database}`;
    throw new PersistenceError('INVALID_ARGUMENT', `Invalid output: ${shownPath} ${found}`, {
      operation,
      hint:
        kind === 'plain'
          ? 'Choose another path. Nothing was written.'
          : 'Choose another path, or remove the file if it is no database. Nothing was written.',
    });
  }
}

const KINDS = {
  plain: 'is an SQLite database',
  encrypted: 'looks like an encrypted SQLite database',
} as const;

function kindOf(filePath: string): keyof typeof KINDS | undefined {
  let fd: number;
  try {
    // Opening a device can change it: a tape rewinds, a serial line raises its signals.
    if (!fs.statSync(filePath).isFile()) return undefined;
    fd = fs.openSync(filePath, fs.constants.O_RDONLY | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const status = fs.fstatSync(fd);
    if (!status.isFile()) return undefined;
    const page = Buffer.alloc(PAGE_SIZE_BYTES);
    const start = page.subarray(0, fs.readSync(fd, page));
    if (start.subarray(0, MAGIC.length).equals(MAGIC)) return 'plain';
    return mayBeEncrypted(start, status.size) ? 'encrypted' : undefined;
  } finally {
    fs.closeSync(fd);
  }
}
