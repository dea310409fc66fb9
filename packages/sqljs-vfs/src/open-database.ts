import { retryBusy } from './retry-busy.ts';
import { type DatabaseHeader, readHeader } from './database-header.ts';
import { type DurableDatabase, OpenedDatabase } from './durable-database.ts';
import { SqliteError, VfsError } from './errors.ts';
import { LockLevel } from './contract/database-lock.ts';
import { type Mount, SqlJsVfs } from './sqlite/vfs.ts';
import { type SqlJs, type SqlJsDatabase, loadSqlJs } from './sqlite/load-sqljs.ts';
import { passThrough } from './contract/storage-transactions.ts';
import type { Storage, StorageFile } from './contract/storage.ts';

/** Options of {@link openDatabase}. */
export interface OpenDatabaseOptions {
  /**
   * One connection owns the database, with a write-ahead log: one sync a commit instead of four, and
   * everyone else is locked out until it is closed. Opens files in WAL mode too.
   * @default false
   */
  readonly exclusive?: boolean;
  /**
   * `full`: a commit survives loss of power. `normal` (with `exclusive` only): it survives the end of the process,
   * the last ones may be lost with power, the database is never damaged.
   * See https://www.sqlite.org/pragma.html#pragma_synchronous.
   * @default 'full'
   */
  readonly synchronous?: 'full' | 'normal';
  /** How long to wait for other connections while opening, in milliseconds. @default 30000 */
  readonly busyDeadlineMs?: number;
  /**
   * Looks at the database before it is taken on, and may change it. When it throws, the database is closed again and its
   * file keeps its mode.
   */
  readonly validate?: (opened: DurableDatabase) => void | Promise<void>;
}

type OpenSettings = Required<Pick<OpenDatabaseOptions, 'exclusive' | 'synchronous'>>;

const BUSY = 5;
/**
 * Pages that SQLite keeps, for storages from which each page is a call; SQLite's default of 2 MiB does not hold the
 * upper levels of every index of a large database.
 */
const CACHE_SIZE_KIB = 16_384;
/** SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN: what a failed file call becomes. No other error is the storage's. */
const FILE_FAILURES: ReadonlySet<number> = new Set([10, 13, 14]);

/** SQLITE_CANTOPEN for a log without shared memory, SQLITE_NOTADB. */
const UNREADABLE: ReadonlySet<number> = new Set([14, 26]);
/** The first bytes of a rollback journal (https://www.sqlite.org/fileformat.html#the_rollback_journal). */
const JOURNAL_MAGIC: readonly number[] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

let bridge: SqlJsVfs | undefined;

function vfsOf(sqlJs: SqlJs): SqlJsVfs {
  return (bridge ??= new SqlJsVfs(sqlJs));
}

/**
 * Opens (or makes) a database on a storage. A hot journal left by a killed process is rolled back by SQLite on the
 * first read, which happens here.
 *
 * @throws VfsError `NOT_A_DATABASE`, `WAL_MODE` (the file is untouched), `CANNOT_OPEN`, `UNSUPPORTED_SQLJS`
 * @throws SqliteError for what SQLite finds when it reads the file: SQLITE_CORRUPT (11), SQLITE_NOTADB (26),
 * SQLITE_BUSY (5) after the deadline
 */
export async function openDatabase(
  storage: Storage,
  options: OpenDatabaseOptions = {},
): Promise<DurableDatabase> {
  const { exclusive = false, synchronous = 'full', busyDeadlineMs = 30_000, validate } = options;
  if (synchronous === 'normal' && !exclusive) {
    throw new TypeError(
      "synchronous: 'normal' needs exclusive: true; a rollback journal could be damaged without full syncs",
    );
  }
  if (exclusive && storage.capabilities.atomicCommit) {
    throw new TypeError(
      `exclusive: a storage of kind ${storage.capabilities.kind} has no log to write ahead`,
    );
  }
  const sqlJs = await loadSqlJs();
  const transactions = storage.transactions ?? passThrough;
  // Every attempt is a connection of its own: an exclusive one that waits would keep its shared lock, and with it
  // everybody else from committing and leaving.
  const opened = await retryBusy(
    () => transactions.readTransaction(() => openOnce(sqlJs, storage, { exclusive, synchronous })),
    busyDeadlineMs,
  );
  try {
    await validate?.(opened);
    if (!opened.readOnly) restrictPermissions(storage);
    return opened;
  } catch (error) {
    closeRefused(opened);
    throw error;
  }
}

function restrictPermissions(storage: Storage): void {
  try {
    storage.restrictPermissions?.();
  } catch (error) {
    throw new VfsError('CANNOT_OPEN', `cannot make ${storage.name} private`, { cause: error });
  }
}

/** The reason for the refusal is what the caller needs, not what a damaged file does to its closing. */
function closeRefused(opened: DurableDatabase): void {
  try {
    opened.close();
  } catch {
    // The connection is closed nevertheless.
  }
}

function openOnce(sqlJs: SqlJs, storage: Storage, settings: OpenSettings): OpenedDatabase {
  const { exclusive, synchronous } = settings;
  const vfs = vfsOf(sqlJs);
  refuseForeignFiles(vfs, storage, exclusive);
  const { database, mount } = vfs.openDatabase(storage);
  reportStorageErrors(database, mount);
  const pragma = (statement: string): string =>
    String(database.exec(`PRAGMA ${statement}`)[0]?.values[0]?.[0]);
  const release = (): void => vfs.release(database.filename);
  try {
    // An exclusive locking mode must come before the first access: WAL then needs no shared memory.
    if (exclusive) pragma('locking_mode=EXCLUSIVE');
    const { atomicCommit } = storage.capabilities;
    const journalMode = pragma(`journal_mode=${atomicCommit ? 'MEMORY' : exclusive ? 'WAL' : 'TRUNCATE'}`);
    pragma(`synchronous=${atomicCommit ? 'off' : synchronous}`);
    if (!atomicCommit) pragma(`cache_size=${-CACHE_SIZE_KIB}`);
    pragma('schema_version');
    const reopen = (): OpenedDatabase => openOnce(sqlJs, storage, settings);
    return new OpenedDatabase(sqlJs, database, mount, { journalMode, exclusive, release, reopen });
  } catch (error) {
    database.close();
    release();
    throw error;
  }
}

/** Looks before SQLite does, because SQLite answers "unable to open database file" to both. */
function refuseForeignFiles(vfs: SqlJsVfs, storage: Storage, exclusive: boolean): void {
  let header = lookAtHeader(storage);
  if (isRefused(header, exclusive)) {
    // It may be half of a transaction that a crash interrupted, or that another connection is writing right now.
    rollBackJournal(vfs, storage);
    header = lookAtHeader(storage);
  }
  if (header.kind === 'foreign') {
    throw new VfsError('NOT_A_DATABASE', `${storage.name} is not an SQLite database`);
  }
  if (isRefused(header, exclusive)) {
    if (isOwned(storage)) throw new SqliteError(BUSY, `${storage.name} is owned by another connection`);
    if (storage.capabilities.privateFiles) return takeOverLog(vfs, storage);
    throw new VfsError('WAL_MODE', `${storage.name} is in WAL mode, which needs shared memory to be shared`, {
      hint: `Convert it once: sqlite3 '${storage.name}' 'PRAGMA journal_mode=DELETE'.`,
    });
  }
}

function lookAtHeader(storage: Storage): DatabaseHeader {
  try {
    return readHeader(storage);
  } catch (error) {
    throw new VfsError('CANNOT_OPEN', `cannot open ${storage.name}`, { cause: error });
  }
}

function isRefused(header: DatabaseHeader, exclusive: boolean): boolean {
  return header.kind === 'foreign' || (header.kind === 'sqlite' && header.wal && !exclusive);
}

/**
 * Has SQLite roll a journal back, if there is a valid one, so that what the file was before can be judged.
 * @throws SqliteError SQLITE_BUSY (5) while another connection is writing; SQLITE_IOERR (10), SQLITE_FULL (13)
 */
function rollBackJournal(vfs: SqlJsVfs, storage: Storage): void {
  if (!hasJournal(storage)) return;
  const { database, mount } = vfs.openDatabase(storage);
  reportStorageErrors(database, mount);
  try {
    database.exec('PRAGMA schema_version');
  } catch (error) {
    // What SQLite cannot read even after the journal is said better by whoever looks at the header again.
    if (!(error instanceof SqliteError && UNREADABLE.has(error.resultCode))) throw error;
  } finally {
    database.close();
    vfs.release(database.filename);
  }
}

/**
 * Brings what the log of a killed owner holds into the database, which can then be shared again. When it is interrupted,
 * the log is still there.
 * @throws SqliteError SQLITE_BUSY (5) when another connection was faster; what SQLite finds wrong with the file
 */
function takeOverLog(vfs: SqlJsVfs, storage: Storage): void {
  const { database, mount } = vfs.openDatabase(storage);
  reportStorageErrors(database, mount);
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA journal_mode=TRUNCATE');
  } finally {
    database.close();
    vfs.release(database.filename);
  }
}

function hasJournal(storage: Storage): boolean {
  if (!storage.exists('journal')) return false;
  let file: StorageFile;
  try {
    file = storage.open('journal', { create: false, exclusive: false, readOnly: true });
  } catch (error) {
    // Whoever was writing has finished and closed since.
    if ((error as { code?: unknown }).code === 'ENOENT') return false;
    throw error;
  }
  try {
    const magic = new Uint8Array(JOURNAL_MAGIC.length);
    return (
      file.read(magic, 0) === magic.length && magic.every((byte, index) => byte === JOURNAL_MAGIC[index])
    );
  } finally {
    file.close();
  }
}

/** Whether a connection owns the file exclusively: its log is temporary, and waiting for it is better than converting. */
function isOwned(storage: Storage): boolean {
  const file = storage.open('main', { create: false, exclusive: false, readOnly: true });
  try {
    return !file.lock(LockLevel.shared);
  } finally {
    file.close();
  }
}

/** Makes every failure of this database a {@link SqliteError}, with the storage's error as its cause. */
function reportStorageErrors(database: SqlJsDatabase, mount: Mount): void {
  const reporter = database as Omit<SqlJsDatabase, 'handleError'> & { handleError(resultCode: number): null };
  const original = reporter.handleError.bind(database);
  reporter.handleError = (resultCode: number): null => {
    if (resultCode === 0) return null;
    const cause = FILE_FAILURES.has(resultCode) ? mount.lastError : undefined;
    mount.lastError = undefined;
    try {
      return original(resultCode);
    } catch (error) {
      throw new SqliteError(resultCode, (error as Error).message, cause);
    }
  };
}
