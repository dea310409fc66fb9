/** Which key a target and a database have, before anything is sent to it or stored from it. */
import type { IncomingChange, Persistence } from '@ggen-sim/core';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { isSealed } from '../targets/encrypted-target.ts';
import { otherKeyUsed } from '../targets/row-cipher.ts';
import { readState, type StoredState } from './stored-state.ts';

/** Changes that are looked at; a removal has no row to look at. */
const MET_CHANGES = 10;

/** Id of no database (RFC 9562, section 5.9), to which a target shows the changes of all. */
const NO_DATABASE = '00000000-0000-0000-0000-000000000000';

/**
 * Asks a target, before it is set, if it answers, and if the key that it was opened with is that of what it has. Nothing is stored.
 * @param location - where it is: a database that has it set already needs the key of before as well. @default not looked at
 * @throws {SyncError} SYNC_UNREACHABLE, SYNC_UNAUTHORIZED, SYNC_TARGET_INVALID, SYNC_KEY_REQUIRED, SYNC_WRONG_KEY
 */
export async function checkTarget(
  database: Persistence,
  target: SyncTarget,
  location?: string,
): Promise<void> {
  await target.id();
  const { origin, state } = await database.syncState();
  const stored = readState(state, origin);
  if (stored.location !== null && stored.location === location) assertSameKey(stored, target);
  await meetRows(target);
}

/**
 * Looks at what was sent, before anything more is: with another key, or without one, nobody could read it. It asks in the name of
 * no database, because what this one has sent itself tells as much.
 * @throws {SyncError} SYNC_KEY_REQUIRED, SYNC_WRONG_KEY
 */
export async function meetRows(target: SyncTarget): Promise<void> {
  try {
    const request = { origin: NO_DATABASE, after: 0, pushId: null, limit: MET_CHANGES };
    assertReadable((await target.pull(request)).changes);
  } catch (error) {
    // A token may be enough for pushes alone.
    if (!(error instanceof SyncError && error.code === 'SYNC_UNAUTHORIZED')) throw error;
  }
}

/** @throws {SyncError} SYNC_KEY_REQUIRED for rows that nobody has decrypted: as they are, they would be refused one by one */
export function assertReadable(changes: readonly IncomingChange[]): void {
  if (changes.some(isSealed)) throw keyRequired('What the target has is encrypted');
}

/**
 * Compares the key of a target with the one of before: what was encrypted until now is not sent as it is because a key was
 * forgotten.
 * @throws {SyncError} SYNC_KEY_REQUIRED, SYNC_WRONG_KEY
 */
export function assertSameKey(
  { target: usedTarget, keyId: usedKeyId }: Pick<StoredState, 'target' | 'keyId'>,
  { keyId }: SyncTarget,
): void {
  if ((keyId ?? null) === usedKeyId || (usedTarget === null && usedKeyId === null)) return;
  if (keyId === undefined) throw keyRequired('What this database sends to its target is encrypted');
  if (usedKeyId !== null) throw otherKeyUsed(usedKeyId, keyId);
  throw new SyncError('SYNC_WRONG_KEY', 'This database is synchronised without a key, and one was given', {
    hint: 'Leave out the key, or set another target with `setTarget`. Nothing was sent.',
  });
}

function keyRequired(what: string): SyncError {
  return new SyncError('SYNC_KEY_REQUIRED', `${what}, and no key was given`, {
    hint: 'Give the key that the other databases have (GGEN_SIM_SYNC_KEY). Nothing was sent or stored.',
  });
}
