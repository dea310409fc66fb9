/** Synchronises again and again, until it is stopped. */
import type { Persistence } from '@ggen-sim/core';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { Synchroniser, type PullReport, type PushReport } from './synchroniser.ts';

/** Options of {@link runSync}. */
export interface RunSyncOptions {
  /** Time between two synchronisations when nothing is saved here. @default 5000 */
  readonly intervalMs?: number;
  /** Ends the run after the step that is running. */
  readonly signal: AbortSignal;
  /**
   * True to go on also after failures that trying again does not mend, such as a refused token: somebody may mend them
   * meanwhile. @default false
   */
  readonly goesOn?: boolean;
  /** Called after each synchronisation that moved something, and after each that failed. */
  readonly onReport?: (
    report:
      | { readonly pushed: PushReport; readonly pulled: PullReport }
      | { readonly error: Error; readonly retryMs: number },
  ) => void;
}

/** After failures the wait doubles from the interval up to this one, and each is jittered. */
const MAX_RETRY_MS = 300_000;

/** Shortest time between two synchronisations, so that many saves travel together. */
const MIN_INTERVAL_MS = 200;

/**
 * Synchronises after saves and at intervals. A target that cannot be reached is tried again later; saves never wait.
 * @throws {SyncError} FORKED and whatever trying again does not mend
 */
export async function runSync(
  database: Persistence,
  target: SyncTarget,
  { intervalMs = 5000, signal, goesOn = false, onReport }: RunSyncOptions,
): Promise<void> {
  const synchroniser = new Synchroniser(database, target);
  const waker = new Waker(signal);
  const unsubscribe = database.subscribe(() => waker.wake());
  let failures = 0;
  try {
    while (!signal.aborted) {
      waker.reset();
      try {
        const { pushed, pulled } = await synchroniser.synchronise();
        failures = 0;
        if (pushed.changes + pulled.changes > 0) onReport?.({ pushed, pulled });
        await waker.pause(MIN_INTERVAL_MS, intervalMs);
      } catch (error) {
        if (!(error instanceof Error && (goesOn || mayPass(error)))) throw error;
        const longest = Math.min(intervalMs * 2 ** failures++, MAX_RETRY_MS);
        const jitteredMs = Math.round(longest * (0.5 + Math.random() / 2));
        // Whoever was told to wait does not come back before; the jitter keeps machines from coming together.
        const { retryAfterMs = 0 } = error as Partial<SyncError>;
        const retryMs = Math.min(retryAfterMs + jitteredMs, MAX_RETRY_MS);
        onReport?.({ error, retryMs });
        await waker.pause(retryMs, retryMs);
      }
    }
  } finally {
    unsubscribe();
  }
}

function mayPass(error: Error): boolean {
  return error instanceof SyncError && (error.code === 'SYNC_UNREACHABLE' || error.code === 'SYNC_BUSY');
}

/** Waits until something is saved, or for a time. */
class Waker {
  readonly #signal: AbortSignal;
  #isAwake = false;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  reset(): void {
    this.#isAwake = false;
  }

  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  /** Waits for at least one time, and after it until {@link wake} or at most the other. */
  async pause(leastMs: number, mostMs: number): Promise<void> {
    await this.#sleep(leastMs, false);
    if (!this.#isAwake && mostMs > leastMs) await this.#sleep(mostMs - leastMs, true);
  }

  #sleep(durationMs: number, canWake: boolean): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', end);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(end, durationMs);
      this.#signal.addEventListener('abort', end);
      if (canWake) this.#wake = end;
    });
  }
}
