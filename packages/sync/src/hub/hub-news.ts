/**
 * Where the hub of a tenant ends, for those who wait for news. Whatever may have changed it, a push of this process or a sign
 * of others, it is read again: so nobody hears of a position that was not committed.
 */

/** Shortest time between two looks, so that many signs cost few of them. */
const LOOK_GAP_MS = 50;

/** One who waits. */
interface Subscriber {
  position: number | undefined;
  failure: { readonly error: unknown } | undefined;
  wake: () => void;
}

/** How news of a hub come. */
export interface NewsSource {
  /** Reads where the hub ends. @throws {SyncError} SYNC_UNREACHABLE */
  readPosition(): Promise<number>;
  /** Calls back when others may have changed it. @returns ends that */
  watch(onChange: () => void): () => void;
}

/** Reads the position of one hub while somebody waits for it. */
export class HubNews {
  readonly #source: NewsSource;
  readonly #subscribers = new Set<Subscriber>();
  #endWatch: (() => void) | undefined;
  #isLooking = false;
  #hasSign = false;
  #isClosed = false;

  constructor(source: NewsSource) {
    this.#source = source;
  }

  /** Reads the position, if anybody waits for it. */
  look(): void {
    this.#hasSign = true;
    if (!this.#isLooking) void this.#lookWhileSigns();
  }

  /** See `SyncTarget.subscribe`. */
  async *subscribe(signal: AbortSignal): AsyncGenerator<number, void> {
    const subscriber: Subscriber = { position: undefined, failure: undefined, wake: () => undefined };
    const onAbort = (): void => subscriber.wake();
    signal.addEventListener('abort', onAbort);
    this.#subscribers.add(subscriber);
    this.#endWatch ??= this.#source.watch(() => this.look());
    this.look();
    try {
      let told: number | undefined;
      while (!signal.aborted && !this.#isClosed) {
        const { position, failure } = subscriber;
        if (failure !== undefined) throw failure.error;
        if (position !== undefined && position !== told) {
          told = position;
          yield position;
        } else {
          await new Promise<void>((resolve) => {
            subscriber.wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#stopWatching();
    }
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
    for (const { wake } of this.#subscribers) wake();
  }

  #stopWatching(): void {
    this.#endWatch?.();
    this.#endWatch = undefined;
  }

  async #lookWhileSigns(): Promise<void> {
    this.#isLooking = true;
    while (this.#hasSign && this.#subscribers.size > 0) {
      this.#hasSign = false;
      try {
        const position = await this.#source.readPosition();
        for (const subscriber of this.#subscribers) Object.assign(subscriber, { position }).wake();
      } catch (error) {
        for (const subscriber of this.#subscribers) Object.assign(subscriber, { failure: { error } }).wake();
      }
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_GAP_MS);
      });
    }
    this.#isLooking = false;
  }
}
