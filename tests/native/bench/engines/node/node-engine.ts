import type { EngineFacts, Session } from '../engine.ts';

/** An engine in a Node process. Its code is loaded by `open`, so that opening includes loading. */
export interface NodeEngine extends EngineFacts {
  /** True for an engine whose database is encrypted, with the key of every encrypted dataset. */
  readonly encrypted?: boolean;
  /** Makes what it needs of a compiler, before any trial. A smoke run leaves it out. */
  readonly compile?: () => Promise<void>;
  /** Opens the database file and makes it ready to answer. */
  readonly open: (path: string) => Promise<Session>;
}
