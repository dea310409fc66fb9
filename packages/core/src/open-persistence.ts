import { connectWorker, WORKER_BY_DEFAULT } from '#client/spawn-worker';
import { PersistenceError } from './api/errors.ts';
import type { OpenOptions, Persistence } from './api/persistence.ts';
import { openInWorker } from './client/client.ts';

/**
 * Opens a database, makes it if it is missing, and brings its schema up to date.
 *
 * @throws PersistenceError, what is stored untouched: `NOT_A_DATABASE`, `CORRUPT`, `NEWER_SCHEMA`, `SCHEMA_MISMATCH`,
 * `WAL_MODE`, `UNREADABLE_STORAGE`; where the place is the matter: `INITIALIZATION_FAILED`, `READ_ONLY`, `DISK_FULL`,
 * `IO_ERROR`, `STORAGE_UNAVAILABLE`, `LOCKS_UNAVAILABLE`; `DATABASE_LOCKED` after the busy deadline; `WORKER_GONE` when
 * the worker could not be started
 *
 * @example
 * await using db = await openPersistence({ storage: 'file', path: 'workspace/.ggen/ggen.db' });
 */
export async function openPersistence(options: OpenOptions): Promise<Persistence> {
  const { worker = WORKER_BY_DEFAULT, ...rest } = options;
  if (worker === false) {
    // A page that keeps its database in a worker need not load SQLite's code itself.
    const { openInProcess } = await import('./persistence/open-in-process.ts');
    return openInProcess(rest);
  }
  if (options.clock) {
    throw new PersistenceError('INVALID_ARGUMENT', 'Invalid clock: a function cannot be sent to a worker', {
      operation: 'open',
      hint: 'Give the clock to startWorker() in the worker file, or open with worker: false.',
    });
  }
  return openInWorker(connectWorker(worker), rest);
}
