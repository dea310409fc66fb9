/** A kind of failure that passes by itself, and the time to wait for that. */
export interface Wait {
  /** True for the failures that this wait is for. */
  readonly covers: (error: unknown) => boolean;
  /** Returns the milliseconds before the next attempt. @param failures - number of these failures before this one */
  readonly pauseMs: (failures: number) => number;
  /** Number of failures after which the next one is thrown. */
  readonly maxFailures: number;
  /** Time after which the next failure is thrown, on the clock of `performance.now()`. */
  readonly deadline: number;
}

/**
 * Repeats a call until it succeeds, or fails with an error that no wait covers any more; throws that error. The event
 * loop runs between the attempts.
 */
export async function retry<T>(call: () => T | Promise<T>, ...waits: readonly Wait[]): Promise<T> {
  const failures = new Map<Wait, number>();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const wait = waits.find(
        (candidate) =>
          candidate.covers(error) &&
          (failures.get(candidate) ?? 0) < candidate.maxFailures &&
          performance.now() < candidate.deadline,
      );
      if (!wait) throw error;
      const before = failures.get(wait) ?? 0;
      failures.set(wait, before + 1);
      await pause(wait.pauseMs(before));
    }
  }
}

/** Resolves after `durationMs` milliseconds without blocking the event loop. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
