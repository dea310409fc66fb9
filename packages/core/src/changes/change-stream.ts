/**
 * Events of the change log as an async iterable. It reads batch after batch by number, each in a short read of its own, so
 * a slow reader holds no lock and nothing is buffered. Notifications of commits, and a timer, only say when to read again:
 * one that is lost or comes twice makes no difference to what is read.
 */
import { ASYNC_DISPOSE } from '../api/async-dispose.ts';
import { PersistenceError } from '../api/errors.ts';
import type { Change, ChangeEvent, ChangesOptions } from '../api/persistence.ts';
import { throwIfAborted, untilAborted } from '../validation/abort.ts';
import { checkFields, checkWholeNumber, invalid } from '../validation/arguments.ts';
import { checkLongOperation } from '../validation/long-operation.ts';

const OPERATION = 'changes';

/** Time after which a follower reads without a notification, because a system may report none (network file systems). */
const UNNOTIFIED_MS = 1000;

/** Entries to read in one batch. A batch with large rows ends earlier. */
const BATCH_ENTRIES = 500;

const EVENT_ID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/(\d{1,16})\/([0-9a-f]{8})$/;

/** Entries to read. */
export interface ChangesRequest {
  /** As {@link ChangesOptions.after}. */
  readonly after: string | number;
  /** Number of the last entry to read. */
  readonly until: number | undefined;
  readonly limit: number;
  readonly rows: boolean;
}

/** Entries that were read from one state of the database. */
export interface ChangesBatch {
  readonly events: readonly ChangeEvent[];
  /** Id of the last event read; where there was none, that of the position itself. */
  readonly after: string;
  /** True when the last entry of the database, or the limit of the request, has been read. */
  readonly isLast: boolean;
  /** Number of the last entry in the database. */
  readonly lastSeq: number;
}

/** The database, as a stream of events reads it. */
export interface ChangesSource {
  /** @param signal - ends the wait for other operations and connections */
  readonly read: (request: ChangesRequest, signal: AbortSignal) => Promise<ChangesBatch>;
  /** Calls the listener after commits. @returns a function that stops it */
  readonly subscribe: (listener: (change: Change) => void) => () => void;
  /** Fires when the database is closed or its worker has ended. The next read then says so. */
  readonly ended: AbortSignal;
}

/** Makes the iterable of events. Its options are checked when an iteration begins. */
export function streamChanges(
  source: ChangesSource,
  options: ChangesOptions | undefined,
): AsyncIterable<ChangeEvent> {
  return {
    [Symbol.asyncIterator]() {
      const stop = new AbortController();
      const events = readEvents(source, options === undefined ? {} : options, stop);
      return {
        next: () => events.next(),
        // A generator that waits would end only after its next event.
        return(value) {
          stop.abort();
          return events.return(value);
        },
        throw(error) {
          stop.abort();
          return events.throw(error);
        },
        [Symbol.asyncIterator]() {
          return this;
        },
        async [ASYNC_DISPOSE]() {
          stop.abort();
          await events.return(undefined);
        },
      };
    },
  };
}

/** @param stop - aborted when the iteration is to end, by its reader or by the signal of the options */
async function* readEvents(
  source: ChangesSource,
  options: ChangesOptions,
  stop: AbortController,
): AsyncGenerator<ChangeEvent, undefined, undefined> {
  const { after, follow, limit, rows, signal } = checkOptions(options);
  throwIfAborted(OPERATION, signal);
  const onAbort = (): void => stop.abort();
  signal?.addEventListener('abort', onAbort);
  const isStopped = (): boolean => {
    throwIfAborted(OPERATION, signal);
    return stop.signal.aborted;
  };
  const waker = follow ? new Waker(source, [stop.signal, source.ended]) : undefined;
  try {
    let position = after;
    let until: number | undefined;
    for (let left = limit; left > 0 && !isStopped();) {
      waker?.reset();
      const request = { after: position, until, limit: Math.min(left, BATCH_ENTRIES), rows };
      let batch: ChangesBatch | undefined;
      try {
        batch = await untilAborted(source.read(request, stop.signal), stop.signal);
      } catch (error) {
        // A follower misses nothing while another connection holds the database for long, or its server is away.
        if (!isStopped() && !(waker && mayPass(error))) throw error;
      }
      for (const event of batch?.events ?? []) {
        if (isStopped()) return;
        yield event;
      }
      left -= batch?.events.length ?? 0;
      position = batch?.after ?? position;
      if (!waker) until ??= batch?.lastSeq;
      if (batch?.isLast === false || left <= 0) continue;
      if (!waker || isStopped()) return;
      await waker.wait();
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    waker?.stop();
  }
}

function mayPass(error: unknown): boolean {
  return (
    error instanceof PersistenceError &&
    (error.code === 'DATABASE_LOCKED' || error.code === 'CONNECTION_LOST')
  );
}

/** Waits for a commit, a signal or the timer. A commit that is reported before the wait begins ends it at once. */
class Waker {
  #isAwake = false;
  #wake: () => void = () => undefined;
  readonly #signals: readonly AbortSignal[];
  readonly #unsubscribe: () => void;

  constructor({ subscribe }: ChangesSource, signals: readonly AbortSignal[]) {
    this.#signals = signals;
    this.#unsubscribe = subscribed(subscribe, this.#onWake);
    for (const signal of signals) signal.addEventListener('abort', this.#onWake);
  }

  /** Forgets what was reported. What is read after this call has it. */
  reset(): void {
    this.#isAwake = this.#signals.some(({ aborted }) => aborted);
  }

  async wait(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#isAwake) resolve();
      // In Node the timer also keeps the process running while it follows.
      else timer = setTimeout(resolve, UNNOTIFIED_MS);
    });
    clearTimeout(timer);
  }

  stop(): void {
    this.#unsubscribe();
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onWake);
  }

  readonly #onWake = (): void => {
    this.#isAwake = true;
    this.#wake();
  };
}

/** Subscribes. A system that cannot watch one more file (inotify's limit) leaves the timer. */
function subscribed(subscribe: ChangesSource['subscribe'], listener: () => void): () => void {
  try {
    return subscribe(listener);
  } catch {
    return () => undefined;
  }
}

interface CheckedOptions {
  readonly after: string | number;
  readonly follow: boolean;
  readonly limit: number;
  readonly rows: boolean;
  readonly signal: AbortSignal | undefined;
}

function checkOptions(given: ChangesOptions): CheckedOptions {
  const options = checkLongOperation(OPERATION, given);
  const {
    after = 0,
    follow = false,
    limit,
    rows = false,
    signal,
  } = checkFields({ operation: OPERATION, name: 'options' }, options);
  for (const [name, value] of Object.entries({ follow, rows })) {
    if (typeof value !== 'boolean') throw invalid({ operation: OPERATION, name }, value, 'true or false');
  }
  return {
    after: checkAfter(after),
    follow,
    limit: limit === undefined ? Infinity : checkWholeNumber({ operation: OPERATION, name: 'limit' }, limit),
    rows,
    signal,
  };
}

function checkAfter(after: unknown): string | number {
  if (after === 'latest') return after;
  if (typeof after === 'number' && Number.isSafeInteger(after) && after >= 0) return after;
  if (typeof after === 'string' && Number.isSafeInteger(positionOf(after).seq)) return after;
  throw invalid(
    { operation: OPERATION, name: 'after' },
    after,
    "the id of an event, a whole number of 0 or more, or 'latest'",
  );
}

/** What the id of an event says: an entry of a database. */
export interface EventPosition {
  /** Id of the database. */
  readonly origin: string;
  /** Number of the entry; 0 before the first one. */
  readonly seq: number;
  /** First 8 digits of its hash: a copy of the file may go on with other entries of the same numbers. */
  readonly leaf: string;
}

/** Makes the id of an event. */
export function eventId({ origin, seq, leaf }: EventPosition): string {
  return `${origin}/${seq}/${leaf}`;
}

/** Reads the id of an event. The number of any other text is not a number (NaN). */
export function positionOf(id: string): EventPosition {
  const [, origin = '', seq = NaN, leaf = ''] = EVENT_ID.exec(id) ?? [];
  return { origin, seq: Number(seq), leaf };
}

/** Makes the error of a reader whose position is not one of this database. */
export function changeLogReset(reason: string): PersistenceError {
  return new PersistenceError('CHANGE_LOG_RESET', reason, {
    operation: OPERATION,
    hint: "Events between are not known. Read the rows themselves, and go on with `after` 'latest'.",
  });
}

/** Makes the error of a database without a change log. @param reason - why there is none, where that is known */
export function noChangeLog(operation: string, reason: string | null): PersistenceError {
  return new PersistenceError(
    'NO_CHANGE_LOG',
    `The database has no change log${reason === null ? '' : ` (${reason})`}`,
    { operation, hint: 'Create it with `enableHistory`.' },
  );
}
