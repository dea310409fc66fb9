import type { Persistence } from './persistence.ts';
import type { TableName } from './tables.ts';

/** Where a database stands in its synchronisation with others. */
export interface SyncState {
  /** Id of the database. */
  readonly origin: string;
  /** Number of the last entry of the change log. */
  readonly lastSeq: number;
  /** What the program that synchronises has stored; `null` before the first time. */
  readonly state: string | null;
}

/** A change of another database. */
export interface IncomingChange {
  /** `deleted` and `redacted` tell of a record that somebody asked to remove there. */
  readonly kind: 'saved' | 'deleted' | 'redacted';
  readonly table: TableName;
  /** Id of the record: the receipt's, the audit entry's, and of a memory that of its agent. */
  readonly id: string;
  /** The row by the fields of the API; of a redaction what is stored since, or `null`. */
  readonly row: Readonly<Record<string, unknown>> | null;
  /** Hash of the row that was saved, 64 hexadecimal digits (`docs/change-log.md`). */
  readonly leaf: string;
  /** Only of a memory: hash of the version that the save replaced; `null` for the first one. */
  readonly parent: string | null;
  /** Only of a removal: hashes of the rows that it removes. A row with another hash stays. */
  readonly leaves: readonly string[];
  /** Only of a removal: why. */
  readonly reason: string | null;
}

/** Changes of other databases to store, in their order. */
export interface IncomingBatch {
  /** Id that this database is expected to have. */
  readonly origin: string;
  /** Number of the last entry that the others have. */
  readonly pushedSeq: number;
  readonly changes: readonly IncomingChange[];
  /** Stored in the same transaction; {@link SyncState} returns it. */
  readonly state: string;
  /** State that this one was made from: where another one is stored meanwhile, nothing is done. @default whatever is stored */
  readonly expectedState?: string | null;
}

/** A change that could not be stored here. */
export interface RefusedChange {
  readonly table: TableName;
  readonly id: string;
  readonly reason: string;
}

/** Counts of what an {@link IncomingBatch} did. */
export interface IncomingReport {
  /**
   * False when nothing was done, because the others do not have a removal or a version of a memory yet that the batch would
   * have to be compared with, or because of `expectedState`. Read the state again, push first, and pull again.
   */
  readonly applied: boolean;
  /** Rows and versions that were stored. */
  readonly stored: number;
  /** Changes that made no difference. */
  readonly present: number;
  /** Memories saved in two places since they were last the same. Each has an audit entry. */
  readonly conflicts: number;
  /** Records that were deleted or redacted. */
  readonly removed: number;
  readonly refused: readonly RefusedChange[];
}

/** A synchronisation that runs beside a database. */
export interface RunningSync {
  /** Ends it, within a bounded time. Called when the database is closed, before it is; an error is left out. */
  stop(): Promise<void>;
}

/** The option `sync` of `openPersistence`; `backgroundSync` of `@ggen-sim/sync` makes one. */
export interface SyncStarter<T extends RunningSync = RunningSync> {
  /**
   * Starts the synchronisation of a database that was just opened, without waiting for the network. It uses the methods that
   * every caller has, in the thread that opened the database.
   */
  start(database: Persistence): Promise<T>;
}

/** A database that is synchronised until it is closed. */
export interface SyncedPersistence<T extends RunningSync = RunningSync> extends Persistence {
  readonly sync: T;
}
