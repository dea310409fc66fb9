import type { EngineFacts, Session } from '../engine.ts';

/** An engine in a Node process. Its code is loaded by `open`, so that opening includes loading. */
export interface NodeEngine extends EngineFacts {
  /** Opens the database file and makes it ready to answer. */
  readonly open: (path: string) => Promise<Session>;
}
