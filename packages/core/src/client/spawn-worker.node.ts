import type { Worker } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { WorkerConnection } from './spawn-worker.ts';

/** Whether a database goes into a worker when nothing is said: in Node it stays in process. */
export const WORKER_BY_DEFAULT = false;

/**
 * Connects to a worker thread.
 * @param worker - the application's own (its file calls `startWorker`), or true for the one in this package
 */
export function connectWorker(worker: unknown): WorkerConnection {
  const ours = worker === true;
  const thread = ours ? startOurs() : (worker as Worker);
  return {
    endpoint: nodeEndpoint(thread),
    livenessLock: '',
    onGone(listener) {
      let told = false;
      const tell = (reason: unknown): void => {
        if (!told) listener(reason);
        told = true;
      };
      thread.on('error', tell);
      thread.on('exit', (exitCode) => tell(new Error(`the worker thread ended with code ${exitCode}`)));
    },
    onReturn: () => undefined,
    watch: () => undefined,
    async end() {
      if (ours) await thread.terminate();
    },
  };
}

function startOurs(): Worker {
  const threads = process.getBuiltinModule('node:worker_threads');
  return new threads.Worker(new URL('../host/worker.node.ts', import.meta.url));
}
