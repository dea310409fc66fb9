import type { Worker } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { WorkerConnection } from './spawn-worker.ts';

/** Default of the `worker` option: false in Node, where the database stays in process. */
export const WORKER_BY_DEFAULT = false;

/**
 * Connects to a worker thread.
 * @param worker - the application's own (its file calls `startWorker`), or true for the one in this package
 * @param _storage - the kind of storage that the worker will open; only a browser can prepare one
 */
export async function connectWorker(worker: unknown, _storage: string): Promise<WorkerConnection> {
  const isOwn = worker === true;
  const thread = isOwn ? startOwnWorker() : (worker as Worker);
  return {
    endpoint: nodeEndpoint(thread),
    livenessLock: '',
    onTerminated(listener) {
      let reported = false;
      const report = (reason: unknown): void => {
        if (!reported) listener(reason);
        reported = true;
      };
      thread.on('error', report);
      thread.on('exit', (exitCode) => report(new Error(`The worker thread ended with code ${exitCode}`)));
    },
    onRestore: () => undefined,
    watchLivenessLock: () => undefined,
    async end() {
      if (isOwn) await thread.terminate();
    },
  };
}

function startOwnWorker(): Worker {
  const threads = process.getBuiltinModule('node:worker_threads');
  return new threads.Worker(new URL('../host/worker.node.ts', import.meta.url));
}
