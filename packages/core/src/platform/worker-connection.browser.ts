import type { WorkerConnection } from '../worker/worker-connection.ts';
import { onPageReturn } from './page-return.browser.ts';

/** Whether a database goes into a worker when nothing is said: in a page, so that SQLite never blocks the screen. */
export const WORKER_BY_DEFAULT: boolean = typeof Window !== 'undefined' && globalThis instanceof Window;

/**
 * Connects to a worker.
 * @param worker - the application's own (its file calls `startWorker`), or true for the one in this package
 */
export function connectWorker(worker: unknown): WorkerConnection {
  const ours = worker === true;
  const thread = ours
    ? new Worker(new URL('../worker/worker.browser.ts', import.meta.url), {
        type: 'module',
        name: 'ggen-sim',
      })
    : (worker as Worker);
  const listeners: ((reason: unknown) => void)[] = [];
  const gone = (reason: unknown): void => {
    for (const listener of listeners) listener(reason);
  };
  thread.addEventListener('error', (event) =>
    gone(event.error ?? new Error(event.message || 'the worker failed to start')),
  );
  const ending = new AbortController();
  let endReturns = (): void => undefined;
  const aliveLock = `ggen-sim-worker:${crypto.randomUUID()}`;
  return {
    endpoint: thread,
    aliveLock,
    onGone: (listener) => void listeners.push(listener),
    onReturn: (listener) => void (endReturns = onPageReturn(listener)),
    watch() {
      // No event tells of a worker that was terminated; its lock coming free does.
      navigator.locks
        ?.request(aliveLock, { signal: ending.signal }, () => gone(new Error('the worker was terminated')))
        .catch(() => undefined);
    },
    async end() {
      ending.abort();
      endReturns();
      if (ours) thread.terminate();
    },
  };
}

/**
 * In the worker: the lock goes when the thread goes, whatever ends it. That is how the client learns of it.
 * @returns once it is held; a client that asked for it earlier would take the worker for gone
 */
export function holdWhileAlive(lockName: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (typeof navigator.locks === 'undefined') return resolve();
    const hold = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    navigator.locks.request(lockName, hold).catch(reject);
  });
}
