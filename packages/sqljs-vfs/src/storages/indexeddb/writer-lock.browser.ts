import { acquireWebLock } from '../../locks/web-lock.browser.ts';

/** A page in the back-forward cache may keep the lock for minutes; after this time, a commit goes on without it. */
const LOCK_TIMEOUT_MS = 4000;

/**
 * Runs a commit while no other tab runs one. Compare-and-swap makes commits safe; the lock only saves them from frequent
 * conflicts. Where it is refused or does not come in time, the work runs without it.
 */
export async function withWriterLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const release = await acquireWriterLock(name);
  try {
    return await work();
  } finally {
    release?.();
  }
}

async function acquireWriterLock(name: string): Promise<(() => void) | undefined> {
  if (typeof navigator.locks === 'undefined') return undefined;
  try {
    return await acquireWebLock(`sqljs-vfs:${name}`, LOCK_TIMEOUT_MS);
  } catch {
    return undefined;
  }
}
