import { onBfcacheRestore } from '../changes/bfcache-restore.browser.ts';
import { startOwnWorker } from './start-own-worker.browser.ts';
import type { WorkerConnection } from './spawn-worker.ts';

/** Default of the `worker` option: true in a page, so that SQLite never blocks the screen. */
export const WORKER_BY_DEFAULT: boolean = typeof Window !== 'undefined' && globalThis instanceof Window;

/**
 * Connects to a worker.
 * @param worker - the application's own (its file calls `startWorker`), or true for the one in this package
 * @param storage - the kind of storage that the worker will open
 */
export async function connectWorker(worker: unknown, storage: string): Promise<WorkerConnection> {
  if (storage === 'indexeddb') void prepareIndexedDb();
  const isOwn = worker === true;
  const thread = isOwn ? await startOwnWorker() : (worker as Worker);
  const listeners: ((reason: unknown) => void)[] = [];
  const terminated = (reason: unknown): void => {
    for (const listener of listeners) listener(reason);
  };
  thread.addEventListener('error', (event) =>
    terminated(event.error ?? new Error(event.message || 'The worker failed to start')),
  );
  const ending = new AbortController();
  let stopOnRestore = (): void => undefined;
  const livenessLock = `ggen-sim-worker:${crypto.randomUUID()}`;
  return {
    endpoint: thread,
    livenessLock,
    onTerminated: (listener) => void listeners.push(listener),
    onRestore: (listener) => void (stopOnRestore = onBfcacheRestore(listener)),
    watchLivenessLock() {
      // The browser fires no event when a worker is terminated, but it releases the worker's lock.
      navigator.locks
        ?.request(livenessLock, { signal: ending.signal }, () =>
          terminated(new Error('The worker was terminated')),
        )
        .catch(() => undefined);
    },
    async end() {
      ending.abort();
      stopOnRestore();
      if (isOwn) thread.terminate();
    },
  };
}

/**
 * Makes the browser open its files of IndexedDB while the worker starts: the worker's first request would wait for that.
 * It makes no database and holds none. The worker reports what fails.
 */
async function prepareIndexedDb(): Promise<void> {
  try {
    await indexedDB.databases();
  } catch {
    // Some browsers lack the function, and some pages may not use IndexedDB.
  }
}
