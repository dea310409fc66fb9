/** How far the synchronisation of a database has come: a text in the database, which core keeps with the rows. */
import { START } from '../contract/chain.ts';
import type { ChainPosition } from '../contract/sync-target.ts';
import { SyncError, type SyncErrorCode } from '../errors.ts';

/** The error of the last push, pull or synchronisation. */
export interface LastError {
  readonly code: SyncErrorCode | (string & {});
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What is stored. */
export interface StoredState {
  readonly version: 1;
  /** Location of the target. */
  readonly location: string | null;
  /** Id of the database that the positions belong to; another one after a restore, a reset or an import. */
  readonly origin: string;
  /** Id of the target that the positions belong to. */
  readonly target: string | null;
  /** Names the key with which rows are encrypted before they are sent; `null` where they are not. */
  readonly keyId: string | null;
  /** Last entry that the target has acknowledged. */
  readonly pushed: ChainPosition;
  /** Position in the target up to which changes are stored here. */
  readonly pulled: number;
  /** Id of the push that brought that position; the target begins anew where it has another one. */
  readonly pulledPushId: string | null;
  /** Time of the last push, pull or synchronisation that succeeded, ISO 8601. */
  readonly succeededAt: string | null;
  readonly lastError: LastError | null;
  /** Changes of others that could not be stored here since the target was set. */
  readonly refused: number;
}

/** Makes the state of a database that was never synchronised. */
export function newState(origin: string, location: string | null, keyId: string | null = null): StoredState {
  return {
    version: 1,
    location,
    origin,
    target: null,
    keyId,
    pushed: START,
    pulled: 0,
    pulledPushId: null,
    succeededAt: null,
    lastError: null,
    refused: 0,
  };
}

/**
 * Reads a stored state. Positions of another database, or of another target, count as the beginning: sending and reading
 * everything again makes no difference.
 * @param target - id of the target; undefined to take the positions as they are
 * @throws {SyncError} SYNC_INVALID for what another program stored
 */
export function readState(text: string | null, origin: string, target?: string): StoredState {
  const stored = text === null ? newState(origin, null) : parse(text);
  const isSame = stored.origin === origin && (target === undefined || stored.target === target);
  const { pushed, pulled, pulledPushId } = isSame ? stored : newState(origin, null);
  return { ...stored, origin, pushed, pulled, pulledPushId, target: target ?? stored.target };
}

function parse(text: string): StoredState {
  try {
    // Versions before this one stored no id of a push and no key.
    const parsed = JSON.parse(text) as Omit<StoredState, 'pulledPushId' | 'keyId'> & Partial<StoredState>;
    const { pulledPushId = null, keyId = null } = parsed;
    const stored = { ...parsed, pulledPushId, keyId };
    if (
      stored.version === 1 &&
      Number.isSafeInteger(stored.pulled) &&
      Number.isSafeInteger(stored.pushed.seq)
    )
      return stored;
  } catch {
    // Another program stored it.
  }
  throw new SyncError('SYNC_INVALID', 'The state of the synchronisation in the database cannot be read', {
    hint: "Remove it (DELETE FROM _schema_metadata WHERE key = 'sync_state') and set the target again.",
  });
}
