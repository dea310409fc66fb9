import { retryWhileBusy } from './busy-retry.ts';
import { readHeader } from './database-header.ts';
import { type DurableDatabase, OpenedDatabase } from './durable-database.ts';
import { SqliteError, VfsError } from './errors.ts';
import { LockLevel } from './locks/database-lock.ts';
import { type Binding, FileBridge } from './sqljs/file-bridge.ts';
import { type SqlJs, type SqlJsDatabase, loadSqlJs } from './sqljs/load-sqljs.ts';
import { immediateTurns } from './storage-turns.ts';
import type { Storage } from './storage.ts';

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
  readonly examine?: (opened: DurableDatabase) => void | Promise<void>;
}

type OpenSettings = Required<Pick<OpenDatabaseOptions, 'exclusive' | 'synchronous'>>;

const BUSY = 5;
/** SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN: what a failed file call becomes. No other error is the storage's. */
const FILE_FAILURES: ReadonlySet<number> = new Set([10, 13, 14]);

let bridge: FileBridge | undefined;

function bridgeOf(sqlJs: SqlJs): FileBridge {
  return (bridge ??= new FileBridge(sqlJs));
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
  const { exclusive = false, synchronous = 'full', busyDeadlineMs = 30_000, examine } = options;
  if (synchronous === 'normal' && !exclusive) {
    throw new TypeError(
      "synchronous: 'normal' needs exclusive: true; a rollback journal could be damaged without full syncs",
    );
  }
  if (exclusive && storage.capabilities.atomicTurns) {
    throw new TypeError(
      `exclusive: a storage of kind ${storage.capabilities.kind} has no log to write ahead`,
    );
  }
  const sqlJs = await loadSqlJs();
  const turns = storage.turns ?? immediateTurns;
  // Every attempt is a connection of its own: an exclusive one that waits would keep its shared lock, and with it
  // everybody else from committing and leaving.
  const opened = await retryWhileBusy(
    () => turns.read(() => openOnce(sqlJs, storage, { exclusive, synchronous })),
    busyDeadlineMs,
  );
  try {
    await examine?.(opened);
    if (!opened.readOnly) storage.makePrivate?.();
    return opened;
  } catch (error) {
    closeRefused(opened);
    throw error;
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
  const fileBridge = bridgeOf(sqlJs);
  refuseForeignFiles(storage, exclusive);
  const { database, binding } = fileBridge.openDatabase(storage);
  reportWholeErrors(database, binding);
  const pragma = (statement: string): string =>
    String(database.exec(`PRAGMA ${statement}`)[0]?.values[0]?.[0]);
  const release = (): void => fileBridge.release(database.filename);
  try {
    // An exclusive locking mode must come before the first access: WAL then needs no shared memory.
    if (exclusive) pragma('locking_mode=EXCLUSIVE');
    const { atomicTurns } = storage.capabilities;
    const journalMode = pragma(`journal_mode=${atomicTurns ? 'MEMORY' : exclusive ? 'WAL' : 'TRUNCATE'}`);
    pragma(`synchronous=${atomicTurns ? 'off' : synchronous}`);
    pragma('schema_version');
    const reopen = (): OpenedDatabase => openOnce(sqlJs, storage, settings);
    return new OpenedDatabase(sqlJs, database, binding, { journalMode, exclusive, release, reopen });
  } catch (error) {
    database.close();
    release();
    throw error;
  }
}

/** Looks before SQLite does, because SQLite answers "unable to open database file" to both. */
function refuseForeignFiles(storage: Storage, exclusive: boolean): void {
  let header;
  try {
    header = readHeader(storage);
  } catch (error) {
    throw new VfsError('CANNOT_OPEN', `cannot open ${storage.name}`, { cause: error });
  }
  if (header.kind === 'foreign') {
    throw new VfsError('NOT_A_DATABASE', `${storage.name} is not an SQLite database`);
  }
  if (header.kind === 'sqlite' && header.wal && !exclusive) {
    if (isOwned(storage)) throw new SqliteError(BUSY, `${storage.name} is owned by another connection`);
    throw new VfsError('WAL_MODE', `${storage.name} is in WAL mode, which needs shared memory to be shared`, {
      hint: `Convert it once: sqlite3 '${storage.name}' 'PRAGMA journal_mode=DELETE'.`,
    });
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
function reportWholeErrors(database: SqlJsDatabase, binding: Binding): void {
  const reporter = database as Omit<SqlJsDatabase, 'handleError'> & { handleError(resultCode: number): null };
  const original = reporter.handleError.bind(database);
  reporter.handleError = (resultCode: number): null => {
    if (resultCode === 0) return null;
    const cause = FILE_FAILURES.has(resultCode) ? binding.lastError : undefined;
    binding.lastError = undefined;
    try {
      return original(resultCode);
    } catch (error) {
      throw new SqliteError(resultCode, (error as Error).message, cause);
    }
  };
}
