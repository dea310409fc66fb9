import { isBusy } from './errors.ts';

/** First pauses between polls, then the longest: short enough to be quick, random enough not to march in step. */
const FIRST_PAUSE_MS = { min: 5, max: 25 } as const;
const LONGEST_PAUSE_MS = 100;
const GROWTH = 1.3;

/** Pauses between polls of a lock that another connection holds: random, 5–25 ms at first, growing to 100 ms. */
export function busyPauseMs(attempt: number): number {
  const growth = GROWTH ** attempt;
  const max = Math.min(FIRST_PAUSE_MS.max * growth, LONGEST_PAUSE_MS);
  const min = Math.min(FIRST_PAUSE_MS.min * growth, max / 2);
  return min + Math.random() * (max - min);
}

/** Resolves after so many milliseconds, without keeping the event loop from anything else. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/**
 * Calls until it no longer fails because of somebody else's lock. The event loop is free between the calls, which is
 * why SQLite's own busy timeout stays 0.
 * @param deadlineMs - when to stop trying, in milliseconds from now; the last busy error is then thrown
 */
export async function retryBusy<T>(call: () => T | Promise<T>, deadlineMs: number): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
      await pause(busyPauseMs(attempt));
    }
  }
}
