import { PersistenceError } from '../api/errors.ts';

/**
 * Throws once the caller's signal has fired.
 * @throws {PersistenceError} `ABORTED`
 */
export function throwIfAborted(operation: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new PersistenceError('ABORTED', 'Aborted by the caller; nothing half-written remains', {
      operation,
      cause: signal.reason,
    });
  }
}

/** Runs abortable work. A failure after the signal has fired is reported as `ABORTED`. */
export async function abortable<T>(
  operation: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(operation, signal);
  try {
    return await work();
  } catch (error) {
    throwIfAborted(operation, signal);
    throw error;
  }
}
