/** Synchronises again and again, until it is stopped: after saves, when the target tells of something new, and at intervals. */
import type { Persistence } from '@ggen-sim/core';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { abortWith, checkDuration, startTimer } from '../timers.ts';
import { pulledPosition } from './sync-status.ts';
import { isReplaced, Synchroniser, type PullReport, type PushReport } from './synchroniser.ts';

/** Options of {@link runSync}. */
export interface RunSyncOptions {
  /**
   * Time between two synchronisations when nothing is saved here, and the target tells of nothing: 200 at least, and Infinity for
   * none at intervals.
   * @default 5000
   */
  readonly intervalMs?: number;
  /** Ends the run after the step that is running. */
  readonly signal: AbortSignal;
  /** Location that the database has to have stored all the time. @default the one that it has at the beginning */
  readonly location?: string;
  /**
   * True to go on also after failures that trying again does not mend, such as a refused token: somebody may mend them
   * meanwhile. A database that was given another target ends it all the same. @default false
   */
  readonly goesOn?: boolean;
  /**
   * Called after each synchronisation that moved something, and after each that failed. An error in it is uncaught, and ends
   * nothing here.
   */
  readonly onReport?: (
    report:
      | { readonly pushed: PushReport; readonly pulled: PullReport }
      | { readonly error: Error; readonly retryMs: number },
  ) => void;
}

/** After failures the wait doubles from the interval up to this one, and each is jittered. */
const MAX_RETRY_MS = 300_000;

/** After a subscription has ended, the wait for the next one doubles from the first to the last, and is jittered. */
const MIN_SUBSCRIBE_MS = 1000;
const MAX_SUBSCRIBE_MS = 15_000;

/** Shortest time between two synchronisations, so that many saves travel together. */
const MIN_INTERVAL_MS = 200;

/**
 * Synchronises after saves, when the target tells of something new, and at intervals. A target that cannot be reached is tried
 * again later; saves never wait.
 * @throws {SyncError} FORKED and whatever trying again does not mend; INVALID_ARGUMENT
 */
export async function runSync(
  database: Persistence,
  target: SyncTarget,
  { intervalMs: givenMs = 5000, signal, location, goesOn = false, onReport }: RunSyncOptions,
): Promise<void> {
  checkDuration('intervalMs', givenMs);
  const intervalMs = Math.max(givenMs, MIN_INTERVAL_MS);
  const tell = separated(onReport);
  const synchroniser = new Synchroniser(database, target, location);
  const ended = new AbortController();
  const waker = new Waker(AbortSignal.any([signal, ended.signal]));
  const unsubscribe = database.subscribe(() => waker.wake());
  const news = followTarget(target, waker, ended.signal);
  let failures = 0;
  signal.addEventListener('abort', () => ended.abort(), { signal: ended.signal });
  if (signal.aborted) ended.abort();
  try {
    while (!signal.aborted) {
      waker.reset();
      try {
        const { pushed, pulled } = await synchroniser.synchronise();
        failures = 0;
        if (pushed.changes + pulled.changes > 0) tell({ pushed, pulled });
        waker.pulledUpTo(await pulledPosition(database));
        await waker.pause(MIN_INTERVAL_MS, intervalMs, 'news');
      } catch (error) {
        if (!(error instanceof Error && (goesOn || mayPass(error))) || isReplaced(error)) throw error;
        const longest = Math.min(intervalMs * 2 ** failures++, MAX_RETRY_MS);
        const jitteredMs = Math.round(longest * (0.5 + Math.random() / 2));
        // Whoever was told to wait does not come back before; the jitter keeps machines from coming together.
        const { retryAfterMs = 0 } = error as Partial<SyncError>;
        const retryMs = Math.min(retryAfterMs + jitteredMs, MAX_RETRY_MS);
        tell({ error, retryMs });
        await waker.pause(Math.min(Math.max(retryAfterMs, MIN_INTERVAL_MS), retryMs), retryMs, 'target');
      }
    }
  } finally {
    unsubscribe();
    ended.abort();
    await news;
  }
}

/**
 * Wakes the run when the target has something new, and when it is there again. While it tells nothing, the run looks at
 * intervals.
 */
async function followTarget(target: SyncTarget, waker: Waker, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    let retryAfterMs = 0;
    try {
      let isFirst = true;
      for await (const position of target.subscribe(signal)) {
        failures = 0;
        if (isFirst) waker.targetIsThere();
        isFirst = false;
        waker.targetIsAt(position);
      }
    } catch (error) {
      // Why it cannot be reached is what the run itself reports.
      retryAfterMs = (error as Partial<SyncError>).retryAfterMs ?? 0;
    }
    const longest = Math.min(MIN_SUBSCRIBE_MS * 2 ** failures, MAX_SUBSCRIBE_MS);
    const waitMs = retryAfterMs + longest * (0.5 + Math.random() / 2);
    await sleep(Math.min(waitMs, MAX_RETRY_MS), signal);
  }
}

/** Keeps an error of the callback out of the run, as core does with those of its listeners. */
function separated(onReport: RunSyncOptions['onReport']): NonNullable<RunSyncOptions['onReport']> {
  return (report) => {
    try {
      onReport?.(report);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}

function mayPass(error: Error): boolean {
  return error instanceof SyncError && (error.code === 'SYNC_UNREACHABLE' || error.code === 'SYNC_BUSY');
}

/** What ends a pause: something to send or to pull, or that the target is there again. */
type Reason = 'news' | 'target';

/** Waits until there is something to do, or for a time. */
class Waker {
  readonly #signal: AbortSignal;
  #isSaved = false;
  #isThere = false;
  /** Position that the target has told since the last synchronisation began. */
  #told: number | undefined;
  #pulled: number | undefined;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Begins a synchronisation: what happens from here on may come too late for it. */
  reset(): void {
    this.#isSaved = false;
    this.#isThere = false;
    this.#told = undefined;
    this.#pulled = undefined;
  }

  /** Something was saved here. */
  wake(): void {
    this.#isSaved = true;
    this.#wake();
  }

  /** The target has answered after it was away. */
  targetIsThere(): void {
    this.#isThere = true;
    this.#wake();
  }

  /** The target ends at a position, which is none of interest where everything up to it was pulled. */
  targetIsAt(position: number): void {
    this.#told = position;
    this.#wake();
  }

  pulledUpTo(position: number): void {
    this.#pulled = position;
  }

  /** Waits for at least one time, and after it until there is a reason or at most the other. */
  async pause(leastMs: number, mostMs: number, reason: Reason): Promise<void> {
    await sleep(leastMs, this.#signal);
    const waking = new AbortController();
    this.#wake = () => {
      if (this.#has(reason)) waking.abort();
    };
    this.#wake();
    await sleep(mostMs - leastMs, this.#signal, waking.signal);
    this.#wake = () => undefined;
  }

  #has(reason: Reason): boolean {
    if (reason === 'target') return this.#isThere;
    return this.#isSaved || (this.#told !== undefined && this.#told !== this.#pulled);
  }
}

/** Waits for a time, or until one of the signals fires. */
async function sleep(durationMs: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (durationMs <= 0) return;
  const ended = new AbortController();
  const unlink = abortWith(ended, ...signals);
  if (!ended.signal.aborted) {
    await new Promise<void>((resolve) => {
      const timer = startTimer(resolve, durationMs);
      ended.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  unlink();
}
