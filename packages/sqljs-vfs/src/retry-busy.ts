import { isBusy } from './errors.ts';
import { retry, type Wait } from './retry.ts';

/** Bounds of the first pause, and the longest one: short enough to be quick, random so that waiters do not march in step. */
const FIRST_PAUSE_MS = { min: 5, max: 25 } as const;
const LONGEST_PAUSE_MS = 100;
const GROWTH = 1.3;

/** Draws the pause before another attempt at a lock: random, 5–25 ms at first, growing to 100 ms. */
function busyPauseMs(attempt: number): number {
  const growth = GROWTH ** attempt;
  const max = Math.min(FIRST_PAUSE_MS.max * growth, LONGEST_PAUSE_MS);
  const min = Math.min(FIRST_PAUSE_MS.min * growth, max / 2);
  return min + Math.random() * (max - min);
}

/**
 * Waits for other connections to release their locks, until a time on the clock of `performance.now()`.
 * @param signal - ends the wait with the next attempt
 */
export function forOtherLocks(deadline: number, signal?: { readonly aborted: boolean }): Wait {
  const covers = (error: unknown): boolean => signal?.aborted !== true && isBusy(error);
  return { covers, pauseMs: busyPauseMs, maxFailures: Infinity, deadline };
}

/**
 * Repeats a call while it fails with SQLITE_BUSY. The event loop is free between the attempts, which is why SQLite's own
 * busy timeout stays 0.
 * @param deadlineMs - how long to keep trying, in milliseconds from now; then the last busy error is thrown
 * @param signal - the next busy error after it has fired is thrown
 */
export function retryBusy<T>(
  call: () => T | Promise<T>,
  deadlineMs: number,
  signal?: { readonly aborted: boolean },
): Promise<T> {
  return retry(call, forOtherLocks(performance.now() + deadlineMs, signal));
}
