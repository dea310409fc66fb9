import type { Endpoint } from 'comlink';

/** A running worker, as the client sees it. */
export interface WorkerConnection {
  readonly endpoint: Endpoint;
  /** Name of the lock the worker holds for as long as it lives; unused where the platform reports a thread's end. */
  readonly livenessLock: string;
  /** Calls back once, when the worker has ended without being asked to. */
  onGone(listener: (reason: unknown) => void): void;
  /** Calls back whenever the page has been away, deaf and asleep. Never where that cannot happen. */
  onReturn(listener: () => void): void;
  /** Begins to watch, once the worker holds its lock. */
  watch(): void;
  /** Ends the worker, if it was started here. */
  end(): Promise<void>;
}
