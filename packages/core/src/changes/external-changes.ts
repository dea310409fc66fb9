import type { Change } from '../api/persistence.ts';

/** Notifications of commits between connections to the same database. */
export interface ExternalChanges {
  /** Starts to watch for commits of other connections, because there is a subscriber. */
  start(): void;
  /** Stops watching, because the last subscriber is gone. */
  stop(): void;
  /** Notifies other connections of a commit of this one, if they cannot see it by themselves. */
  publish(change: Change): void;
  close(): void;
}
