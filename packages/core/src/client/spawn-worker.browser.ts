import type { WorkerConnection } from './spawn-worker.ts';
import { onPageReturn } from '../changes/bfcache-restore.browser.ts';

/** Whether a database goes into a worker when nothing is said: in a page, so that SQLite never blocks the screen. */
export const WORKER_BY_DEFAULT: boolean = typeof Window !== 'undefined' && globalThis instanceof Window;

/**
 * Connects to a worker.
 * @param worker - the application's own (its file calls `startWorker`), or true for the one in this package
 */
export function connectWorker(worker: unknown): WorkerConnection {
  const ours = worker === true;
  const thread = ours
    ? new Worker(new URL('../host/worker.browser.ts', import.meta.url), {
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
  const livenessLock = `ggen-sim-worker:${crypto.randomUUID()}`;
  return {
    endpoint: thread,
    livenessLock,
    onGone: (listener) => void listeners.push(listener),
    onReturn: (listener) => void (endReturns = onPageReturn(listener)),
    watch() {
      // No event tells of a worker that was terminated; its lock coming free does.
      navigator.locks
        ?.request(livenessLock, { signal: ending.signal }, () => gone(new Error('the worker was terminated')))
        .catch(() => undefined);
    },
    async end() {
      ending.abort();
      endReturns();
      if (ours) thread.terminate();
    },
  };
}
