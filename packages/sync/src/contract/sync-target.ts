/**
 * What databases are synchronised over. A target keeps the entries of each database in their order, and gives every database
 * the changes of all others. It decides the order of removals: a deletion removes what has reached the target before it.
 */
import type { IncomingChange } from '@ggen-sim/core';

/** Where the entries of one database end: number of the last one, and a hash over all of them. */
export interface ChainPosition {
  readonly seq: number;
  /** See `chainAfter`, 64 hexadecimal digits. */
  readonly chain: string;
}

/** What an entry tells of one record. */
export interface PushedChange extends Omit<IncomingChange, 'row' | 'leaf'> {
  /** The row as JSON; `null` where there is none. */
  readonly content: string | null;
  /** Only of a redaction: hashes of what is stored since. */
  readonly redactedLeaves: readonly string[];
}

/** An entry of the change log. */
export interface PushedEntry {
  readonly seq: number;
  /** Hash of the entry, 64 hexadecimal digits. */
  readonly leaf: string;
  /** `null` for an entry whose row is gone, is known to the target, or of which other databases need not know. */
  readonly change: PushedChange | null;
}

/** Entries of one database, without gaps. The first one of all may have any number: a reset and a restore go on counting. */
export interface PushedBatch {
  readonly origin: string;
  /** The position that the first entry follows. */
  readonly after: ChainPosition;
  readonly entries: readonly PushedEntry[];
}

/** Changes to read. */
export interface PullRequest {
  /** Id of the database that asks: its own entries are left out. */
  readonly origin: string;
  /** Position in the target after which to read; 0 for everything. */
  readonly after: number;
  /** What the pull that gave this position named as {@link PulledBatch.pushId}; `null` at the beginning. */
  readonly pushId: string | null;
  /** Number of changes at most. */
  readonly limit: number;
}

/** Changes of other databases, in the order in which they reached the target. */
export interface PulledBatch {
  readonly changes: readonly IncomingChange[];
  /** Position to read after the next time. */
  readonly position: number;
  /** Id of the push that brought this position, to send with it: a target restored from a backup has another one. */
  readonly pushId: string | null;
  /** True when nothing was left to read. */
  readonly isLast: boolean;
}

/** Implementations are tried by the suite of `@ggen-sim/sync/testing`. Every call may throw `SYNC_UNREACHABLE`. */
export interface SyncTarget {
  /** Names the key with which rows are encrypted before they are sent; undefined where they are not. */
  readonly keyId?: string;
  /** Returns the id that the target was given when it was created: positions are those of this one alone. */
  id(): Promise<string>;
  /** Returns where the entries of a database end here; number 0 for one that is not known. */
  cursor(origin: string): Promise<ChainPosition>;
  /** Returns those of the hashes of rows that were not seen before. */
  unknown(leaves: readonly string[]): Promise<readonly string[]>;
  /**
   * Stores entries and moves the cursor, both or neither. Entries that are here already make no difference.
   * @returns where the entries end
   * @throws {SyncError} FORKED for other entries than those that are here; SYNC_GAP when entries before are missing;
   * SYNC_KEY_REQUIRED and SYNC_WRONG_KEY for rows with another key than those that are here, or with none; SYNC_INVALID
   */
  push(batch: PushedBatch): Promise<ChainPosition>;
  /**
   * Reads changes of other databases: at most as many as asked for, and about 1 MiB. Begins at 0 where the position is none of
   * this target, because it was restored from a backup since.
   */
  pull(request: PullRequest): Promise<PulledBatch>;
  /**
   * Adds the signature of the target to a checkpoint, once its entries are here and are the same: a change log that was
   * rewritten since it was sent can never be cosigned. So can none with fewer entries than one that was cosigned before.
   * @param note - a checkpoint of a database, signed or not
   * @throws {SyncError} CHECKPOINT_INCONSISTENT; SYNC_GAP when entries are missing; SYNC_INVALID; SYNC_NO_COSIGNER
   */
  cosign(note: string): Promise<string>;
  /**
   * Tells the position where the target ends: at once, and again when it has changed, by whoever's push. It wakes whoever is to
   * pull, and nothing else depends on it: a position may be left out, come late, or be another one after a restore.
   * @param signal - ends it, as closing the target does
   * @throws {SyncError} SYNC_UNREACHABLE when the connection ends: subscribe again, later
   */
  subscribe(signal: AbortSignal): AsyncIterable<number>;
  close(): Promise<void>;
}

/** A target that keeps the databases of tenants apart: none of them finds out what another one has sent. */
export interface TenantTarget extends SyncTarget {
  /**
   * Returns the target of one tenant. It is closed with this one.
   * @param name - 1 to 64 letters, digits, `_`, `.` and `-`
   * @throws {SyncError} SYNC_INVALID; its calls also SYNC_TARGET_INVALID, when the database would let one tenant see another
   */
  forTenant(name: string): SyncTarget;
}
