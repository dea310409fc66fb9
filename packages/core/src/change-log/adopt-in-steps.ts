import { yieldToEventLoop } from '#queue/yield';
import type { LongOperationOptions } from '../api/persistence.ts';
import { throwIfAborted } from '../validation/abort.ts';

/**
 * Runs what adopts rows; other operations run between its steps.
 * @param steps - yields the number of rows of each step
 * @throws {PersistenceError} `ABORTED`
 */
export async function adoptInSteps(
  operation: string,
  steps: Generator<number>,
  { signal, onProgress }: LongOperationOptions,
): Promise<void> {
  let done = 0;
  for (const rows of steps) {
    throwIfAborted(operation, signal);
    done += rows;
    onProgress?.({ stage: 'adopt', done, total: undefined, unit: 'rows' });
    await yieldToEventLoop();
  }
  throwIfAborted(operation, signal);
}
