/**
 * Runs the parts of a check side by side, each in a thread of its own with a connection of its own to the same copy. Nobody
 * writes the copy, so all of them see one state.
 */
import type { Worker } from 'node:worker_threads';
import { PersistenceError } from '../api/errors.ts';
import type { RpcClient } from '../protocol/rpc.ts';
import { untilAborted } from '../validation/abort.ts';
import { CHECK_PARTS, type CheckPart, type CheckPartOptions, type FindingsOfParts } from './check-parts.ts';
import type { CheckService } from './check-worker.node.ts';

const OPERATION = 'verify';

/**
 * Checks a copy, a thread for each part.
 * @param descriptor - of the file of the copy, which stays open meanwhile
 * @returns what each part has found, in the order of the report; undefined where no threads can be had
 * @throws {PersistenceError} `WORKER_GONE` when a thread ends before it has answered; the errors of the parts
 */
export async function checkInThreads(
  descriptor: number,
  { checkpoints = [], onProgress, signal }: CheckPartOptions,
): Promise<FindingsOfParts | undefined> {
  // In Deno a descriptor belongs to one thread.
  if (process.versions['deno'] !== undefined) return undefined;
  const rpc = await import('../protocol/rpc.ts');
  const { default: nodeEndpoint } = await import('comlink/dist/esm/node-adapter.mjs');
  const threads: CheckThread[] = [];
  let isEnded = false;
  const report: typeof onProgress = (progress) => {
    if (!isEnded) onProgress?.(progress);
  };
  try {
    try {
      for (const part of CHECK_PARTS) {
        const worker = startWorker();
        const client = new rpc.RpcClient<CheckService>(nodeEndpoint(worker));
        threads.push({ part, worker, client });
        watch(worker, client);
      }
      const opened = threads.map(({ client }) => client.call(OPERATION, (thread) => thread.open(descriptor)));
      await untilAborted(Promise.all(opened), signal);
    } catch {
      signal?.throwIfAborted();
      // No file of the worker, as in a bundle, or no right to start it: the caller checks in its own thread.
      return undefined;
    }
    const checked = threads.map(async ({ part, client }) => {
      const run = client.call(OPERATION, (thread) => thread.check(part, checkpoints, rpc.proxy(report)));
      return [part, await run] as const;
    });
    return await untilAborted(Promise.all(checked), signal);
  } finally {
    isEnded = true;
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}

interface CheckThread {
  readonly part: CheckPart;
  readonly worker: Worker;
  readonly client: RpcClient<CheckService>;
}

function startWorker(): Worker {
  const threads = process.getBuiltinModule('node:worker_threads');
  return new threads.Worker(new URL('./check-worker.node.ts', import.meta.url));
}

/** Rejects what a thread has not answered when it ends. */
function watch(worker: Worker, client: RpcClient<CheckService>): void {
  const reject = (cause: unknown): void =>
    client.rejectPending(
      (operation) =>
        new PersistenceError('WORKER_GONE', 'A thread that checks the database has ended', {
          operation,
          cause,
        }),
    );
  worker.on('error', reject);
  worker.on('exit', (exitCode) => reject(new Error(`The thread ended with code ${exitCode}`)));
}
