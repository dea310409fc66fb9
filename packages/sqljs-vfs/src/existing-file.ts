/**
 * Decides what to do with a file that exists, before SQLite opens it. SQLite would answer "unable to open database file"
 * to every case that is refused here.
 */
import { hasChangeJournal } from './change-journal.ts';
import { LockLevel } from './contract/database-lock.ts';
import type { Storage } from './contract/storage.ts';
import { type DatabaseHeader, readHeader } from './database-header.ts';
import { openingError, SqliteError, VfsError } from './errors.ts';
import { ResultCode } from './result-codes.ts';
import { asReader, hasJournal, restoresPlainDatabase } from './rollback-journal.ts';
import { walModeError } from './sqlite/storage-errors.ts';
import { assertNotEncrypted } from './encrypted-file.ts';
import type { DatabaseCodec } from './codec/database-codec.ts';
import type { SqlJsVfs } from './sqlite/vfs.ts';

/** Result codes of a journal or log that cannot be opened, and of a file that is not a database. */
const UNREADABLE: ReadonlySet<number> = new Set([ResultCode.CANTOPEN, ResultCode.NOTADB]);

/** Result codes of a log that may not be written. */
const REFUSED_BY_SYSTEM: ReadonlySet<number> = new Set([ResultCode.CANTOPEN, ResultCode.READONLY]);

/**
 * Refuses a file that is not an SQLite database, or one in WAL mode that cannot be opened here. A hot journal is rolled
 * back first, because the header may belong to an interrupted transaction. A log without an owner is taken over where no
 * other program can reach it, and beside a database in rollback mode, where native SQLite would take it over too.
 * @param exclusive - true when the file is about to be opened with a write-ahead log
 * @param codec - that of an encrypted database
 * @throws VfsError `NOT_A_DATABASE`, `KEY_REQUIRED`, `WRONG_KEY` or `WAL_MODE`, the file being untouched; `CANNOT_OPEN`
 * @throws SqliteError SQLITE_BUSY (5) while another connection writes or owns the file
 */
export function assertOpenable(
  vfs: SqlJsVfs,
  storage: Storage,
  exclusive: boolean,
  codec: DatabaseCodec | undefined,
): void {
  try {
    examine(vfs, storage, exclusive, codec);
  } catch (error) {
    throw openingError(storage.name, error);
  }
}

function examine(
  vfs: SqlJsVfs,
  storage: Storage,
  exclusive: boolean,
  codec: DatabaseCodec | undefined,
): void {
  const { atomicCommit } = storage.capabilities;
  if (!atomicCommit && asReader(storage, () => hasChangeJournal(storage))) rollBackWithoutKey(vfs, storage);
  let header = headerOf(storage, codec);
  if (isRefused(header, exclusive)) {
    // A crash may have interrupted a transaction, or another connection may be writing now.
    rollBackJournal(vfs, storage, codec);
    header = headerOf(storage, codec);
  }
  if (header.kind === 'not-sqlite') {
    throw new VfsError('NOT_A_DATABASE', `${storage.name} is not an SQLite database`);
  }
  if (isRefused(header, exclusive)) {
    if (isOwned(storage)) {
      throw new SqliteError(ResultCode.BUSY, `${storage.name} is owned by another connection`);
    }
    if (storage.capabilities.privateFiles) return takeOverLog(vfs, storage, codec);
    throw walModeError(storage);
  }
  if (header.kind === 'sqlite' && !exclusive && !atomicCommit && storage.exists('wal')) {
    takeOverLog(vfs, storage, codec);
  }
}

function headerOf(storage: Storage, codec: DatabaseCodec | undefined): DatabaseHeader {
  if (codec) return codec.readHeader(storage);
  const header = readHeader(storage);
  const mayBeEncrypted = header.kind === 'not-sqlite' && !storage.capabilities.atomicCommit;
  // A power loss can leave bytes like those of a cipher in the first page, too.
  if (mayBeEncrypted && !asReader(storage, () => restoresPlainDatabase(storage))) assertNotEncrypted(storage);
  return header;
}

function isRefused(header: DatabaseHeader, exclusive: boolean): boolean {
  return header.kind === 'not-sqlite' || (header.kind === 'sqlite' && header.wal && !exclusive);
}

/**
 * Lets SQLite roll back a valid journal, so that the file's last committed state can be judged.
 * @throws SqliteError SQLITE_BUSY (5) while another connection is writing; SQLITE_IOERR (10), SQLITE_FULL (13)
 */
function rollBackJournal(vfs: SqlJsVfs, storage: Storage, codec: DatabaseCodec | undefined): void {
  if (!asReader(storage, () => hasJournal(storage))) return;
  try {
    executeOnce(vfs, storage, codec, 'PRAGMA schema_version');
  } catch (error) {
    // A file that SQLite cannot read even after the rollback is refused by its header, with a better message.
    const isUnreadable = error instanceof SqliteError && UNREADABLE.has(error.resultCode);
    const isInWalMode = error instanceof VfsError && error.code === 'WAL_MODE';
    if (!isUnreadable && !isInWalMode) throw error;
  }
}

/**
 * Undoes a change of the key that was interrupted: its journal has pages as they were stored, whatever the key.
 * @throws SqliteError as {@link rollBackJournal} does
 */
export function rollBackWithoutKey(vfs: SqlJsVfs, storage: Storage): void {
  rollBackJournal(vfs, storage, undefined);
}

/**
 * Moves a log without an owner into the database, which can then be shared again. When this is interrupted, the log is
 * still there.
 * @throws SqliteError SQLITE_BUSY (5) when another connection uses the database; SQLite's error for a damaged file
 * @throws VfsError `WAL_MODE` when this user may not write the file or its folder
 */
function takeOverLog(vfs: SqlJsVfs, storage: Storage, codec: DatabaseCodec | undefined): void {
  try {
    executeOnce(
      vfs,
      storage,
      codec,
      'PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA journal_mode=TRUNCATE',
    );
  } catch (error) {
    const isRefusedBySystem = error instanceof SqliteError && REFUSED_BY_SYSTEM.has(error.resultCode);
    throw isRefusedBySystem ? walModeError(storage, error) : error;
  }
}

/** Runs statements on a connection of their own. */
function executeOnce(vfs: SqlJsVfs, storage: Storage, codec: DatabaseCodec | undefined, sql: string): void {
  const { database } = vfs.openDatabase(storage, codec);
  try {
    database.exec(sql);
  } finally {
    database.close();
    vfs.release(database.filename);
  }
}

/** True while a connection owns the file exclusively: its log is temporary, so waiting is better than converting. */
function isOwned(storage: Storage): boolean {
  const file = storage.open('main', { create: false, exclusive: false, readOnly: true });
  try {
    return !file.lock(LockLevel.shared);
  } finally {
    file.close();
  }
}
