import { ASYNC_DISPOSE } from './api/async-dispose.ts';
import { connectWorker, WORKER_BY_DEFAULT } from '#client/spawn-worker';
import { PersistenceError } from './api/errors.ts';
import type {
  ChangeKeyOptions,
  FileOpenOptions,
  OpenOptions,
  Persistence,
  RemoteOpenOptions,
  RestoreOptions,
  RestoreReport,
  RunningSync,
  StoredDatabaseOptions,
  SyncedPersistence,
  SyncStarter,
} from './api/persistence.ts';
import { changeKeyInWorker, openInWorker } from './client/client.ts';

/**
 * Opens a database, creates it if it does not exist (unless `create: false`), and migrates its schema to the current version.
 *
 * @throws {PersistenceError} `INVALID_ARGUMENT`; for stored data that is refused and left unchanged: `NOT_A_DATABASE`,
 * `CORRUPT`, `NEWER_SCHEMA`, `SCHEMA_MISMATCH`, `WAL_MODE`, `UNREADABLE_STORAGE`; for a storage that fails:
 * `INITIALIZATION_FAILED`, `READ_ONLY`, `DISK_FULL`, `IO_ERROR`, `STORAGE_UNAVAILABLE`, `LOCKS_UNAVAILABLE`;
 * `NOT_FOUND` with `create: false`; `DATABASE_LOCKED` after the busy deadline; `WORKER_GONE` if the worker could not be
 * started, or serves no database within two minutes; for a remote database, `CONNECTION_LOST`, `UNAUTHORIZED`; with `sync`,
 * what its start throws, such as `NO_CHANGE_LOG`
 *
 * @example
 * await using db = await openPersistence({ storage: 'file', path: 'workspace/.ggen/ggen.db' });
 * @example
 * import { backgroundSync } from '@ggen-sim/sync';
 * const sync = backgroundSync('https://hub.example', { token });
 * await using db = await openPersistence({ storage: 'file', path: 'ggen.db', sync });
 */
export async function openPersistence<T extends RunningSync>(
  options: OpenOptions & { readonly sync: SyncStarter<T> },
): Promise<SyncedPersistence<T>>;
export async function openPersistence(options: OpenOptions | RemoteOpenOptions): Promise<Persistence>;
export async function openPersistence(
  options: (OpenOptions | RemoteOpenOptions) & { readonly sync?: SyncStarter },
): Promise<Persistence> {
  if (options?.sync === undefined) return open(options);
  const { sync, ...rest } = options;
  checkSync(sync, rest.storage);
  return synchronised(await open(rest), sync);
}

async function open(options: OpenOptions | RemoteOpenOptions): Promise<Persistence> {
  if (options?.storage === 'remote') {
    // A program that opens its own database loads no code for connections.
    const { openRemote } = await import('./client/open-remote.ts');
    return openRemote(options);
  }
  const { worker = WORKER_BY_DEFAULT, ...rest } = options;
  if (worker === false) {
    // Imported here, so that a page whose database is in a worker does not load SQLite's code.
    const { openInProcess } = await import('./persistence/open-in-process.ts');
    return openInProcess(rest);
  }
  assertCloneable('open', options);
  return openInWorker(connectWorker(worker, rest.storage), rest);
}

/** Refuses what starts no synchronisation, before anything is opened. */
function checkSync(sync: SyncStarter | null, storage: string): void {
  const refuse = (message: string, hint: string): PersistenceError =>
    new PersistenceError('INVALID_ARGUMENT', `Invalid sync: ${message}`, { operation: 'open', hint });
  if (storage === 'remote') {
    throw refuse(
      'the program that serves a remote database synchronises it',
      "Pass it where the database is opened, or run 'ggen-sim sync run --follow' there.",
    );
  }
  if (typeof sync?.start !== 'function')
    throw refuse('it starts nothing', 'Pass what backgroundSync() of @ggen-sim/sync returns.');
}

/** Starts the synchronisation of a database, which then ends before the database is closed. */
async function synchronised(database: Persistence, starter: SyncStarter): Promise<SyncedPersistence> {
  const closeDatabase = database.close.bind(database);
  let sync: RunningSync;
  try {
    sync = await starter.start(database);
  } catch (error) {
    await closeDatabase();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= sync
      .stop()
      .catch(() => undefined)
      .then(closeDatabase);
    return closing;
  };
  return Object.assign(database, { sync, close, [ASYNC_DISPOSE]: close });
}

/** Refuses options that are functions, which only the worker itself can be given. */
function assertCloneable(operation: string, options: OpenOptions): void {
  for (const name of ['clock', 'rangeLocks'] as const) {
    if ((options as { readonly [option in typeof name]?: unknown })[name] === undefined) continue;
    throw new PersistenceError('INVALID_ARGUMENT', `Invalid ${name}: a function cannot be sent to a worker`, {
      operation,
      hint: `Pass ${name} to startWorker() in the worker file, or open with worker: false.`,
    });
  }
}

/**
 * Restores a backup to a database file that does not exist yet, or is empty (Node, Bun, Deno). The file appears complete or
 * not at all: when the restore fails, nothing is left, no missing folder of its path either, and an empty file stays empty.
 * It runs in the calling thread.
 *
 * @param file - the path, and options for opening it
 * @param options - as for `Persistence.restoreBackup`
 * @throws {PersistenceError} `ALREADY_EXISTS` when the path is not empty, or a journal exists beside a missing file; as `openPersistence` and
 * `restoreBackup` do
 *
 * @example
 * await restoreToNewFile({ storage: 'file', path: 'restored.db' }, { directory: './backups/first' });
 */
export async function restoreToNewFile(
  file: Omit<FileOpenOptions, 'create' | 'worker'>,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const newFile = await import('#persistence/new-file');
  return newFile.restoreToNewFile(file, options);
}

/**
 * Encrypts a database that exists, decrypts it, or gives it another key. A copy is made and checked before anything changes;
 * the file then keeps its names, owner and permissions. Whatever ends the program, the old database is there, or the new one.
 * Runs where `openPersistence` opens the database: in a worker by default in a page, else in the calling thread.
 *
 * @param database - the database, with its `key` if it is encrypted
 * @param options - the new key, progress and signal; in IndexedDB neither of the latter has an effect
 * @throws {PersistenceError} `KEY_REQUIRED` or `WRONG_KEY` for another `key` than the database's, `NOT_FOUND`, `CORRUPT`,
 * `DATABASE_LOCKED`, `DISK_FULL`, `READ_ONLY`, `ABORTED`; as `openPersistence` does. The database is as before, unless an
 * `IO_ERROR` says that the key was changed, and that a loss of power may undo it
 *
 * @example
 * await changeKey({ storage: 'file', path: 'runs.db' }, { newKey: 'correct horse battery staple' });
 */
export async function changeKey(database: StoredDatabaseOptions, options: ChangeKeyOptions): Promise<void> {
  const worker = database?.worker ?? WORKER_BY_DEFAULT;
  if (worker === false) {
    const { changeKeyInProcess } = await import('./persistence/change-key.ts');
    return changeKeyInProcess(database, options);
  }
  assertCloneable('changeKey', database);
  return changeKeyInWorker(connectWorker(worker, database.storage), { ...database, worker: false }, options);
}
