import { connectWorker, WORKER_BY_DEFAULT } from '#client/spawn-worker';
import { PersistenceError } from './api/errors.ts';
import type {
  FileOpenOptions,
  OpenOptions,
  Persistence,
  RemoteOpenOptions,
  RestoreOptions,
  RestoreReport,
} from './api/persistence.ts';
import { openInWorker } from './client/client.ts';

/**
 * Opens a database, creates it if it does not exist (unless `create: false`), and migrates its schema to the current version.
 *
 * @throws {PersistenceError} `INVALID_ARGUMENT`; for stored data that is refused and left unchanged: `NOT_A_DATABASE`,
 * `CORRUPT`, `NEWER_SCHEMA`, `SCHEMA_MISMATCH`, `WAL_MODE`, `UNREADABLE_STORAGE`; for a storage that fails:
 * `INITIALIZATION_FAILED`, `READ_ONLY`, `DISK_FULL`, `IO_ERROR`, `STORAGE_UNAVAILABLE`, `LOCKS_UNAVAILABLE`;
 * `NOT_FOUND` with `create: false`; `DATABASE_LOCKED` after the busy deadline; `WORKER_GONE` if the worker could not be
 * started, or serves no database within two minutes; for a remote database, `CONNECTION_LOST`, `UNAUTHORIZED`
 *
 * @example
 * await using db = await openPersistence({ storage: 'file', path: 'workspace/.ggen/ggen.db' });
 */
export async function openPersistence(options: OpenOptions | RemoteOpenOptions): Promise<Persistence> {
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
  for (const name of ['clock', 'rangeLocks'] as const) {
    if ((options as { readonly [option in typeof name]?: unknown })[name] === undefined) continue;
    throw new PersistenceError('INVALID_ARGUMENT', `Invalid ${name}: a function cannot be sent to a worker`, {
      operation: 'open',
      hint: `Pass ${name} to startWorker() in the worker file, or open with worker: false.`,
    });
  }
  return openInWorker(connectWorker(worker), rest);
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
