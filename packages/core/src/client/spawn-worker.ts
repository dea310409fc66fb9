import type { Endpoint } from '../protocol/rpc.ts';

/** A running worker, as the client uses it. */
export interface WorkerConnection {
  readonly endpoint: Endpoint;
  /** Name of the Web Lock that the worker holds until it ends. Unused in Node, which reports a thread's end. */
  readonly livenessLock: string;
  /** Calls the listener once, when the worker has ended without {@link end}. */
  onTerminated(listener: (reason: unknown) => void): void;
  /** Calls the listener when the page is restored from the back-forward cache. Never called in Node. */
  onRestore(listener: () => void): void;
  /** Starts to wait for the liveness lock. Called once the worker holds it. */
  watchLivenessLock(): void;
  /** Stops watching, and terminates the worker if it was started here. */
  end(): Promise<void>;
}
