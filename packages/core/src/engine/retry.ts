/** The failures of a database that pass by themselves, as waits of `retry`: each says what it waits for and until when. */
import { isBusy, ResultCode } from '@ggen-sim/sqljs-vfs';
import type { Wait } from '@ggen-sim/sqljs-vfs/internal';
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

/**
 * Waits for other connections to finish reading, so that a COMMIT can go on. Readers finish within milliseconds and the
 * PENDING lock keeps every other connection waiting, so this polls often.
 * @param signal - ends the wait with the next attempt
 */
export function forReaders(deadline: number, signal?: { readonly aborted: boolean }): Wait {
  const covers = (error: unknown): boolean => signal?.aborted !== true && isBusy(error);
  return { covers, pauseMs: () => READERS_PAUSE_MS, maxFailures: Infinity, deadline };
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
