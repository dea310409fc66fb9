/** What a user has to know of the synchronisation of a database, without asking the target. */
import type { Persistence } from '@ggen-sim/core';
import { START } from '../contract/chain.ts';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError, targetChanged } from '../errors.ts';
import { checkStoredLocation } from '../targets/open-target.ts';
import { newState, readState, type LastError } from './stored-state.ts';
import { noteFailure, storeState } from './synchroniser.ts';

/** Answer of {@link syncStatus}. */
export interface SyncStatus {
  /** Location of the target; `null` before {@link setTarget}. */
  readonly target: string | null;
  readonly origin: string;
  /** Names the key with which rows are encrypted before they are sent, and tells nothing of it; `null` where they are not. */
  readonly keyId: string | null;
  /** Entries of the change log that the target has not acknowledged. */
  readonly lagEntries: number;
  /** Age of the first of them; 0 without any, `null` where its time cannot be read. */
  readonly lagSeconds: number | null;
  /** ISO 8601. */
  readonly lastSuccess: string | null;
  readonly lastError: LastError | null;
  /** Changes of other databases that could not be stored here. */
  readonly refused: number;
  /** What is to be done, as sentences, with functions of this package in backticks; `null` for nothing. */
  readonly advice: string | null;
}

/**
 * Stores which target a database is synchronised over. After SYNC_TARGET_CHANGED, it is the one that is there now.
 * @param location - `http://…` or `https://…` of a hub, `postgres://…` without a password, or the path of a file
 * @param keyId - that of the target, where rows are encrypted before they are sent: without the key, nothing is sent then
 * @throws {SyncError} SYNC_TARGET_INVALID
 */
export async function setTarget(
  database: Persistence,
  location: string,
  keyId: string | null = null,
): Promise<void> {
  const checked = checkStoredLocation(location);
  const { origin, state } = await database.syncState();
  const stored = state === null ? undefined : readState(state, origin);
  const isSame = stored?.location === checked && stored.keyId === keyId;
  if (isSame && stored.lastError?.code !== 'SYNC_TARGET_CHANGED') return;
  await storeState(database, newState(origin, checked, keyId));
}

/** Returns the location of the target. @throws {SyncError} SYNC_NOT_SET_UP */
export async function targetOf(database: Persistence): Promise<string> {
  const { origin, state } = await database.syncState();
  const { location } = readState(state, origin);
  if (location !== null) return location;
  throw new SyncError('SYNC_NOT_SET_UP', 'The database is not synchronised over any target', {
    hint: 'Set one with `setTarget`.',
  });
}

/**
 * Asks a target for its id, and compares it with the one of before at the stored location. A failure is noted for `syncStatus`.
 * @throws {SyncError} SYNC_TARGET_CHANGED, SYNC_UNREACHABLE, SYNC_UNAUTHORIZED
 */
export async function assertSameTarget(database: Persistence, target: SyncTarget): Promise<void> {
  const { origin, state } = await database.syncState();
  const { location, target: usedTarget } = readState(state, origin);
  if (location === null || usedTarget === null || usedTarget === (await target.id())) return;
  const error = targetChanged(location);
  await noteFailure(database, error, location);
  throw error;
}

/**
 * Tells how far the synchronisation is behind, what failed last, and what is to be done.
 * @param runs - true while something synchronises the database by itself, so that nobody has to
 */
export async function syncStatus(
  database: Persistence,
  now: Date = new Date(),
  runs = false,
): Promise<SyncStatus> {
  const { origin, lastSeq, state } = await database.syncState();
  const { location, keyId, pushed, succeededAt, lastError, refused } = readState(state, origin);
  let lagEntries = 0;
  let lagSeconds: number | null = 0;
  for await (const { time, data } of database.changes({ after: Math.min(pushed.seq, lastSeq), limit: 1 })) {
    // After a reset or a restore the first number is not 1.
    lagEntries = Math.max(lastSeq - data.seq + 1, 0);
    lagSeconds =
      time === undefined ? null : Math.max(Math.round((now.getTime() - Date.parse(time)) / 1000), 0);
  }
  return {
    target: location,
    origin,
    keyId,
    lagEntries,
    lagSeconds,
    lastSuccess: succeededAt,
    lastError,
    refused,
    advice: adviceFor(location, lastError?.code, lagEntries, refused, runs),
  };
}

/**
 * Gives a copied file an id of its own: it sends its log under it, and what the target has already is not stored again.
 * @returns the new id
 */
export async function renewOrigin(database: Persistence): Promise<string> {
  const before = await database.syncState();
  const stored = readState(before.state, before.origin);
  const origin = await database.renewOrigin();
  await storeState(database, { ...stored, origin, pushed: START, lastError: null });
  return origin;
}

function adviceFor(
  location: string | null,
  code: string | undefined,
  lagEntries: number,
  refused: number,
  runs: boolean,
): string | null {
  if (location === null) return 'Set a target with `setTarget`.';
  if (code === 'FORKED')
    return 'This file is a copy, or an older state: give it an id of its own with `renewOrigin`.';
  if (code === 'SYNC_TARGET_CHANGED')
    return 'Another target is at the same location: give the token of before, or set it again with `setTarget`.';
  if (code === 'SYNC_KEY_REQUIRED' || code === 'SYNC_WRONG_KEY')
    return 'Give the key of the other databases (GGEN_SIM_SYNC_KEY), or set another target with `setTarget`.';
  if (code === 'SYNC_UNREACHABLE')
    return runs
      ? 'Saves go on here. It is tried again by itself, until the target can be reached.'
      : 'Saves go on here. Synchronise with `synchronise` when the target can be reached.';
  if (code === 'SYNC_UNAUTHORIZED')
    return runs
      ? 'It is tried again with this token. Open the database again with another one, if the hub is not to learn of it.'
      : 'Give the token of the hub, in Node in the variable GGEN_SIM_SYNC_TOKEN, and synchronise with `synchronise`.';
  if (code !== undefined)
    return runs
      ? 'Read the last error. It is tried again by itself.'
      : 'Read the last error, and synchronise again with `synchronise`.';
  if (lagEntries > 0)
    return runs
      ? 'Nothing is to be done: what was saved is sent by itself.'
      : 'Synchronise with `synchronise`: the target does not have everything yet.';
  return refused > 0
    ? 'Some changes of other databases could not be stored here; they are in the target.'
    : null;
}

/** Returns the position in the target up to which changes are stored here. */
export async function pulledPosition(database: Persistence): Promise<number> {
  const { origin, state } = await database.syncState();
  return readState(state, origin).pulled;
}
