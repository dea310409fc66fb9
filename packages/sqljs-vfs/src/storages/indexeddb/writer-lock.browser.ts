/** A page in the back-forward cache may sit on a lock for minutes; after this long, go on without. */
const LOCK_TIMEOUT_MS = 2000;
const ATTEMPTS = 2;

/**
 * Runs a commit while no other tab does. Compare-and-swap is what makes commits safe; the lock saves them from
 * conflicting all the time, so where it cannot be had, or not in time, the work runs all the same.
 */
export async function withWriterLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (typeof navigator.locks === 'undefined') return work();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let granted = false;
    try {
      return await navigator.locks.request(
        `sqljs-vfs:${name}`,
        { signal: AbortSignal.timeout(LOCK_TIMEOUT_MS) },
        () => {
          granted = true;
          return work();
        },
      );
    } catch (error) {
      if (granted) throw error;
      const timedOut = (error as { name?: unknown } | null)?.name === 'TimeoutError';
      if (!timedOut) break;
    }
  }
  return work();
}
