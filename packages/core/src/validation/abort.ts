import { PersistenceError } from '../api/errors.ts';

/** Throws `ABORTED` once the caller has given up. */
export function throwIfAborted(operation: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new PersistenceError('ABORTED', "Stopped at the caller's request; nothing half-written was left", {
      operation,
      cause: signal.reason,
    });
  }
}

/** Runs what `throwIfAborted` guards, and reads any failure after an abort as the abort it is. */
export async function abortable<Result>(
  operation: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  throwIfAborted(operation, signal);
  try {
    return await work();
  } catch (error) {
    throwIfAborted(operation, signal);
    throw error;
  }
}
