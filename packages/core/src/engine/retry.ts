/** Retrying what fails for a reason that passes by itself. Each wait says what it waits for and until when. */
import { isBusy, ResultCode } from '@ggen-sim/sqljs-vfs';
import { busyPauseMs, pause } from '@ggen-sim/sqljs-vfs/internal';
import type { RetryPolicy } from '../api/persistence.ts';
import { resultCodeOf } from './error-mapping.ts';

/** Default of {@link RetryPolicy}. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  ioRetries: 5,
  ioRetryDelayMs: 100,
  busyDeadlineMs: 30_000,
};

/** Pause between tries of a COMMIT that waits for readers, in milliseconds. */
const READERS_PAUSE_MS = 2;

/** A kind of failure that passes by itself, and how long it is waited for. */
interface Wait {
  /** True for the failures that this wait is for. */
  readonly covers: (error: unknown) => boolean;
  /** Milliseconds before the next try. @param failures - how many of these failures came before */
  readonly pauseMs: (failures: number) => number;
  /** Failures after which the next one is thrown. */
  readonly maxFailures: number;
  /** Time after which the next failure is thrown, on the clock of `performance.now()`. */
  readonly deadline: number;
}

/** Waits for other connections to release their locks. Random pauses keep processes from polling in step. */
export function forOtherLocks(deadline: number): Wait {
  return { covers: isBusy, pauseMs: busyPauseMs, maxFailures: Infinity, deadline };
}

/**
 * Waits for other connections to finish reading, so that a COMMIT can go on. Readers finish within milliseconds and the
 * PENDING lock keeps every other connection waiting, so this polls often.
 */
export function forReaders(deadline: number): Wait {
  return { covers: isBusy, pauseMs: () => READERS_PAUSE_MS, maxFailures: Infinity, deadline };
}

/** Waits for a transient I/O error of the storage to pass. */
export function forTransientIoErrors({ ioRetries, ioRetryDelayMs }: RetryPolicy): Wait {
  return {
    covers: (error) => resultCodeOf(error) === ResultCode.IOERR,
    pauseMs: () => ioRetryDelayMs,
    maxFailures: ioRetries,
    deadline: Infinity,
  };
}

/**
 * Calls until the call succeeds or fails with an error that no wait covers any more, and throws that error. The event
 * loop runs between the calls.
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
