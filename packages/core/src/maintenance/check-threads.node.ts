/**
 * Runs the parts of a check side by side, each in a thread of its own with a connection of its own to the same copy. Nobody
 * writes the copy, so all of them see one state.
 */
import type { Thread } from '../protocol/thread.node.ts';
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
  const { proxy } = await import('../protocol/rpc.ts');
  const { Thread: CheckThread } = await import('../protocol/thread.node.ts');
  const threads: { readonly part: CheckPart; readonly thread: Thread<CheckService> }[] = [];
  let isEnded = false;
  const report: typeof onProgress = (progress) => {
    if (!isEnded) onProgress?.(progress);
  };
  try {
    try {
      for (const part of CHECK_PARTS) {
        const file = new URL('./check-worker.node.ts', import.meta.url);
        threads.push({ part, thread: new CheckThread(file, 'checks the database') });
      }
      const opened = threads.map(({ thread: { client } }) =>
        client.call(OPERATION, (service) => service.open(descriptor)),
      );
      await untilAborted(Promise.all(opened), signal);
    } catch {
      signal?.throwIfAborted();
      // No file of the worker, as in a bundle, or no right to start it: the caller checks in its own thread.
      return undefined;
    }
    const checked = threads.map(async ({ part, thread: { client } }) => {
      const run = client.call(OPERATION, (service) => service.check(part, checkpoints, proxy(report)));
      return [part, await run] as const;
    });
    return await untilAborted(Promise.all(checked), signal);
  } finally {
    isEnded = true;
    await Promise.all(threads.map(({ thread }) => thread.end()));
  }
}
