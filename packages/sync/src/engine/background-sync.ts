/** The synchronisation that `openPersistence` starts with a database and ends with it. */
import type { Persistence, RunningSync, SyncStarter } from '@ggen-sim/core';
import {
  checkLocation,
  openTarget,
  type OpenTargetOptions,
  withoutPassword,
} from '../targets/open-target.ts';
import { encryptedTarget } from '../targets/encrypted-target.ts';
import { runSync, type RunSyncOptions } from './run-sync.ts';
import type { SyncTarget } from '../contract/sync-target.ts';
import { newState } from './stored-state.ts';
import { checkDuration, startTimer } from '../timers.ts';
import { setTarget, syncStatus, type SyncStatus } from './sync-status.ts';
import { isReplaced, storeState, Synchroniser, type PullReport, type PushReport } from './synchroniser.ts';

/** Options of {@link backgroundSync}. */
export interface BackgroundSyncOptions
  extends Omit<OpenTargetOptions, 'create'>, Pick<RunSyncOptions, 'intervalMs' | 'onReport'> {
  /** Time at most in which closing the database sends what the target does not have yet; Infinity for any. @default 5000 */
  readonly closeTimeoutMs?: number;
  /** True to create the file of a target that is one. Its folder may not be mounted. @default false */
  readonly create?: boolean;
  /**
   * Opens the target of the location, for a target of your own, or one in a worker. The synchronisation closes it.
   * @default `openTarget` of this package
   */
  readonly openTarget?: (location: string, options: OpenTargetOptions) => Promise<SyncTarget>;
}

/** The member `sync` of a database that was opened with {@link backgroundSync}. */
export interface BackgroundSync extends RunningSync {
  /** Tells how far it is behind, what failed last, and what is to be done; asks no target. */
  status(): Promise<SyncStatus>;
  /**
   * Synchronises now.
   * @throws {SyncError} as `Synchroniser.synchronise`
   */
  synchronise(): Promise<{ readonly pushed: PushReport; readonly pulled: PullReport }>;
}

/**
 * Makes the option `sync` of `openPersistence`: after saves and at intervals the database is synchronised, until it is closed.
 * Failures are in `status` and `onReport` alone: saves go on, and it is tried again. Of several tabs of a page with one
 * database, one synchronises at a time.
 * @param location - `http://…` or `https://…` of a hub, in Node also `postgres://…` or the path of a file. It is stored in the
 * database, without the password
 * @throws {SyncError} SYNC_TARGET_INVALID, INVALID_ARGUMENT; further ones, and NO_CHANGE_LOG of `PersistenceError`, come from `openPersistence`
 */
export function backgroundSync(
  location: string,
  {
    intervalMs,
    onReport,
    closeTimeoutMs = 5000,
    create = false,
    openTarget: open = openTarget,
    key,
    ...ofTarget
  }: BackgroundSyncOptions = {},
): SyncStarter<BackgroundSync> {
  const checked = checkLocation(location);
  checkDuration('intervalMs', intervalMs);
  checkDuration('closeTimeoutMs', closeTimeoutMs);
  checkDuration('answerTimeoutMs', ofTarget.answerTimeoutMs);
  return {
    async start(database) {
      const opened = await open(checked, { create, ...ofTarget });
      // Also a target of the caller's own sees no row.
      const target = key === undefined ? opened : await encryptedTarget(opened, key);
      const stored = withoutPassword(checked);
      try {
        // Beginning again is no permission to send everything to another target than before.
        if ((await syncStatus(database)).target !== stored) await setTarget(database, stored, target.keyId);
      } catch (error) {
        await target.close();
        throw error;
      }
      const control = new AbortController();
      const { signal } = control;
      const running = inOneTab(database, signal, () =>
        runSync(database, target, {
          signal,
          location: stored,
          goesOn: true,
          ...(intervalMs !== undefined && { intervalMs }),
          ...(onReport !== undefined && { onReport }),
        }),
      ).catch((error: Error) => {
        // A database that was given another target: there is nothing to wait for.
        if (isReplaced(error)) onReport?.({ error, retryMs: Infinity });
      });
      /** What still stores how far it came. */
      const steps = new Set<Promise<unknown>>([running]);
      const step = <T>(work: Promise<T>): Promise<T> => {
        const ended: Promise<unknown> = work.catch(() => undefined).then(() => steps.delete(ended));
        steps.add(ended);
        return work;
      };
      return {
        status: () => syncStatus(database, new Date(), !signal.aborted),
        synchronise: () => step(new Synchroniser(database, target, stored).synchronise()),
        async stop() {
          control.abort();
          const end = performance.now() + closeTimeoutMs;
          await withinTime(closeTimeoutMs, async () => {
            await running;
            const { lagEntries } = await syncStatus(database);
            if (lagEntries > 0) await step(new Synchroniser(database, target, stored).push());
          });
          // What still runs ends with it, or with the database: every step may end at any moment.
          await withinTime(end - performance.now(), () => target.close());
          // It notes why it has ended, which has to be before whatever the caller does with the database next.
          await withinTime(LAST_NOTE_MS, () => Promise.all(steps));
        },
      };
    },
  };
}

/** Time in which a step whose target was closed notes it, in milliseconds. */
const LAST_NOTE_MS = 1000;

/** Time in which another tab ends its step, in milliseconds. Its step may end later all the same, and store where it was. */
const OTHER_TAB_MS = 10_000;

/**
 * Ends the synchronisation of a database: the location of its target and all positions are removed, and nothing else is. Stop
 * what synchronises it before; in a page, another tab that still does is waited for, 10 seconds at most.
 * @throws {PersistenceError} NO_CHANGE_LOG, READ_ONLY
 */
export async function removeTarget(database: Persistence): Promise<void> {
  let isRemoved = false;
  const remove = async (): Promise<void> => {
    isRemoved = true;
    const { origin } = await database.syncState();
    await storeState(database, newState(origin, null));
  };
  try {
    await inOneTab(database, AbortSignal.timeout(OTHER_TAB_MS), remove);
  } catch (error) {
    if (isRemoved) throw error;
    await remove();
  }
}

/** Runs work in one tab of a page at a time. It needs the lock manager, which insecure pages do not have. */
async function inOneTab(
  database: Persistence,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const { locks } = (globalThis as { readonly navigator?: { readonly locks?: Locks } }).navigator ?? {};
  if (locks === undefined) return work();
  const { origin } = await database.syncState();
  await locks.request(`ggen-sim sync ${origin}`, { signal }, work);
}

/** The part of `LockManager` that is used; types of Node do not have it. */
interface Locks {
  request(name: string, options: { readonly signal: AbortSignal }, work: () => Promise<void>): Promise<void>;
}

/** Waits for work, a time at most, whether it succeeds or not. */
async function withinTime(timeoutMs: number, work: () => Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = startTimer(resolve, timeoutMs);
  });
  await Promise.race([work().catch(() => undefined), timeout]);
  clearTimeout(timer);
}
