import type { Persistence } from '@ggen-sim/core';

/** Pause before the next reading, as a multiple of what the latest one took. */
const PAUSE_FACTOR = 4;
/** Readings that are quick follow every commit. */
const MIN_PAUSE_MS = 400;
const MAX_PAUSE_MS = 30_000;

/**
 * Spaces the runs of a query that takes the longer, the more is stored. Without a pause, its runs after each commit
 * would leave the database no time for what is being saved.
 *
 * @param query - run one at a time
 * @param now - in milliseconds
 * @param pause - resolves after a time in milliseconds
 */
export function pacedQuery<T>(
  query: (persistence: Persistence) => Promise<T>,
  now: () => number = () => performance.now(),
  pause: (durationMs: number) => Promise<void> = (durationMs) =>
    new Promise((resolve) => void setTimeout(resolve, durationMs)),
): (persistence: Persistence) => Promise<T> {
  let readyAtMs = -Infinity;
  return async (persistence) => {
    const waitMs = readyAtMs - now();
    if (waitMs > 0) await pause(waitMs);
    const startedMs = now();
    const value = await query(persistence);
    const endedMs = now();
    const pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_FACTOR * (endedMs - startedMs));
    readyAtMs = pauseMs > MIN_PAUSE_MS ? endedMs + pauseMs : -Infinity;
    return value;
  };
}
