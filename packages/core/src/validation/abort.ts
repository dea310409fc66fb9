import { PersistenceError } from '../api/errors.ts';

/** Makes the error of an operation whose signal has fired. */
export function abortedError(operation: string, signal: AbortSignal): PersistenceError {
  return new PersistenceError('ABORTED', 'Aborted by the caller; nothing half-written remains', {
    operation,
    cause: signal.reason,
  });
}

/**
 * Throws once the caller's signal has fired.
 * @throws {PersistenceError} `ABORTED`
 */
export function throwIfAborted(operation: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(operation, signal);
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

/**
 * Waits for something that may never settle, until the signal fires.
 * @throws the signal's reason
 */
export async function untilAborted<T>(waiting: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return waiting;
  let wake = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    wake = () => resolve();
    if (signal.aborted) resolve();
  });
  // Not by the option `signal`: Node 20 forgets to remove a listener when garbage is collected while two of them wait.
  signal.addEventListener('abort', wake);
  try {
    await Promise.race([waiting, aborted]);
    signal.throwIfAborted();
    return await waiting;
  } finally {
    signal.removeEventListener('abort', wake);
  }
}
