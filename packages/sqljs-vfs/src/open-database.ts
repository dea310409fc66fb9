import type { DatabaseCodec } from './codec/database-codec.ts';
import { checkKey, type EncryptionKey } from './contract/encryption-key.ts';
import { passThrough } from './contract/storage-transactions.ts';
import type { Storage } from './contract/storage.ts';
import { type DurableDatabase, type Encryption, OpenedDatabase } from './durable-database.ts';
import { VfsError } from './errors.ts';
import { assertOpenable, rollBackWithoutKey } from './existing-file.ts';
import { retryBusy } from './retry-busy.ts';
import { type SqlJs, loadSqlJs } from './sqlite/load-sqljs.ts';
import { type FileCodec, type MountedTarget, SqlJsVfs } from './sqlite/vfs.ts';

/** Options of {@link openDatabase}. */
export interface OpenDatabaseOptions {
  /**
   * One connection owns the database, with a write-ahead log: one sync a commit instead of four. Every other connection
   * is locked out until it is closed. Files in WAL mode can be opened this way too.
   * @default false
   */
  readonly exclusive?: boolean;
  /**
   * `full`: a commit survives loss of power. `normal`, with `exclusive` only: a commit survives the end of the process,
   * the last ones may be lost with power, and the database is never damaged.
   * See https://www.sqlite.org/pragma.html#pragma_synchronous.
   * @default 'full'
   */
  readonly synchronous?: 'full' | 'normal';
  /**
   * Encrypts the database, and is needed to open it again. In a file the format is that of SQLCipher 4.
   * @default none: the database is not encrypted
   */
  readonly key?: EncryptionKey;
  /** How long to wait for other connections while opening, in milliseconds. @default 30000 */
  readonly busyDeadlineMs?: number;
  /**
   * Checks the database before it is accepted, and may change it. When it throws, the database is closed again and its
   * file keeps its mode.
   */
  readonly validate?: (opened: DurableDatabase) => void | Promise<void>;
}

interface OpenSettings extends Required<Pick<OpenDatabaseOptions, 'exclusive' | 'synchronous'>> {
  readonly codec: DatabaseCodec | undefined;
  readonly encryption: Encryption | undefined;
}

/** The size of SQLite's page cache. Its default of 2 MiB does not hold the upper levels of every index of a large database. */
const CACHE_SIZE_KIB = 16_384;

/**
 * The number of pages in a write-ahead log at which a commit also moves them into the database file. With SQLite's default
 * of 1000, grouped saves spend a quarter of their time on that: pages that are written again and again are moved each time.
 * A log of 32 MiB is read in a fraction of a second after a crash. With `synchronous: 'normal'` the default stays, because
 * only a checkpoint makes commits durable there.
 */
const LOG_SIZE_PAGES = 8000;

let vfs: SqlJsVfs | undefined;

/**
 * Opens a database on a storage, and creates it if it is missing. SQLite rolls back the hot journal of a killed process
 * on its first read, which happens here.
 *
 * @throws TypeError for options that contradict each other or the storage
 * @throws VfsError `NOT_A_DATABASE`, `KEY_REQUIRED`, `WRONG_KEY` or `WAL_MODE`, the file being untouched; `CORRUPT`,
 * `CANNOT_OPEN`, `UNSUPPORTED_SQLJS`
 * @throws SqliteError SQLITE_CORRUPT (11) or SQLITE_NOTADB (26) when SQLite cannot read the file, SQLITE_BUSY (5) after
 * the deadline
 */
export async function openDatabase(
  storage: Storage,
  options: OpenDatabaseOptions = {},
): Promise<DurableDatabase> {
  const { exclusive = false, synchronous = 'full', busyDeadlineMs = 30_000, validate } = options;
  const key = options.key === undefined ? undefined : checkKey(options.key);
  if (synchronous === 'normal' && !exclusive) {
    throw new TypeError(
      "synchronous: 'normal' needs exclusive: true; a rollback journal could be damaged without full syncs",
    );
  }
  if (exclusive && storage.capabilities.atomicCommit) {
    throw new TypeError(
      `exclusive: a storage of kind ${storage.capabilities.kind} cannot have a write-ahead log`,
    );
  }
  const codec = key === undefined ? undefined : await codecFor(storage, key);
  const encryption = codec ? 'SQLCipher 4' : storage.capabilities.encryption;
  const settings: OpenSettings = { exclusive, synchronous, codec, encryption };
  const loading = loadSqlJs();
  // A failure is reported by the transaction that waits for it.
  loading.catch(() => undefined);
  const transactions = storage.transactions ?? passThrough;
  // Every attempt opens its own connection: an exclusive one that waits would keep its shared lock, which would stop
  // other connections from committing and closing.
  const opened = await retryBusy(
    () =>
      transactions.readTransaction(async () => {
        // A storage that prepares its transactions does so while SQLite is compiled.
        const sqlJs = await loading;
        await codec?.prepare(storage);
        return openConnection(sqlJs, storage, settings);
      }),
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

/**
 * Gives a storage that encrypts the key, and makes the codec for the pages of any other.
 * @throws VfsError `STORAGE_UNAVAILABLE` for a storage that cannot be encrypted
 */
async function codecFor(storage: Storage, key: EncryptionKey): Promise<DatabaseCodec | undefined> {
  const { atomicCommit, kind } = storage.capabilities;
  if (storage.useKey) {
    await storage.useKey(key);
    return undefined;
  }
  // The commit records of such a storage hold what differs, and an encrypted page differs everywhere.
  if (atomicCommit)
    throw new VfsError('STORAGE_UNAVAILABLE', `a storage of kind ${kind} cannot be encrypted`);
  const { DatabaseCodec } = await import('./codec/database-codec.ts');
  return new DatabaseCodec(key);
}

function restrictPermissions(storage: Storage): void {
  try {
    storage.restrictPermissions?.();
  } catch (error) {
    throw new VfsError('CANNOT_OPEN', `cannot restrict the permissions of ${storage.name}`, { cause: error });
  }
}

/** Closes a refused database. The caller needs the reason for the refusal, not an error of closing a damaged file. */
function closeRefused(opened: DurableDatabase): void {
  try {
    opened.close();
  } catch {
    // The connection is closed nevertheless.
  }
}

function openConnection(sqlJs: SqlJs, storage: Storage, settings: OpenSettings): OpenedDatabase {
  const { exclusive, synchronous, codec } = settings;
  const mounts = (vfs ??= new SqlJsVfs(sqlJs));
  assertOpenable(mounts, storage, exclusive, codec);
  const { database, mount } = mounts.openDatabase(storage, codec);
  const release = (): void => mounts.release(database.filename);
  const pragma = (statement: string): string =>
    String(database.exec(`PRAGMA ${statement}`)[0]?.values[0]?.[0]);
  try {
    // An exclusive locking mode must be set before the first access: WAL then needs no shared memory.
    if (exclusive) pragma('locking_mode=EXCLUSIVE');
    const { atomicCommit } = storage.capabilities;
    const journalMode = pragma(`journal_mode=${atomicCommit ? 'MEMORY' : exclusive ? 'WAL' : 'TRUNCATE'}`);
    pragma(`synchronous=${atomicCommit ? 'off' : synchronous}`);
    if (exclusive && synchronous === 'full') pragma(`wal_autocheckpoint=${LOG_SIZE_PAGES}`);
    // Temporary files would be plain ones.
    if (codec) pragma('temp_store=MEMORY');
    pragma(`cache_size=${-CACHE_SIZE_KIB}`);
    pragma('schema_version');
    const reopen = (): OpenedDatabase => openConnection(sqlJs, storage, settings);
    return new OpenedDatabase(sqlJs, database, mount, {
      journalMode,
      exclusive,
      encryption: settings.encryption,
      release,
      reopen,
    });
  } catch (error) {
    database.close();
    release();
    throw error;
  }
}

/** See {@link SqlJsVfs.mountTarget}. A database is open. */
export function mountTarget(storage: Storage, codec: FileCodec): MountedTarget {
  if (!vfs) throw new Error('no database is open');
  return vfs.mountTarget(storage, codec);
}

/** Undoes a change of the key that was interrupted. The caller holds a transaction where the storage needs one. */
export async function rollBackKeyChange(storage: Storage): Promise<void> {
  rollBackWithoutKey((vfs ??= new SqlJsVfs(await loadSqlJs())), storage);
}
