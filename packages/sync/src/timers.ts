/** Durations that callers give, and the signals that end waits. */
import { SyncError } from './errors.ts';

/** Longest time of a timer, in Node and in browsers. One that is longer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks a duration that a caller gives in milliseconds. Infinity is one.
 * @throws {SyncError} INVALID_ARGUMENT for what is no number, or a negative one
 */
export function checkDuration(name: string, durationMs: number | undefined): void {
  if (durationMs === undefined || (typeof durationMs === 'number' && durationMs >= 0)) return;
  throw new SyncError('INVALID_ARGUMENT', `\`${name}\` must be a number of milliseconds, not ${durationMs}`);
}

/** Calls back after a time, or after the longest one of a timer. */
export function startTimer(callback: () => void, durationMs: number): ReturnType<typeof setTimeout> {
  return setTimeout(callback, Math.min(durationMs, LONGEST_TIMER_MS));
}

/**
 * Aborts a controller as soon as one of the signals fires. `AbortSignal.any` would leave something in a lasting signal of
 * Node 20 with each call, for good.
 * @returns ends that
 */
export function abortWith(control: AbortController, ...signals: readonly AbortSignal[]): () => void {
  const abort = (): void => control.abort();
  for (const signal of signals) {
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  }
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  };
}
