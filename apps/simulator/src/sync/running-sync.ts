/** What needs the code of the synchronisation, which is loaded when there is one, or when the form for it is sent. */
import { PersistenceError, type MemoryRow, type Persistence, type SavedMemory } from '@ggen-sim/core';
import {
  backgroundSync,
  checkLocation,
  checkTarget,
  encryptedTarget,
  memoryConflicts,
  mergeMemory,
  removeTarget,
  renewOrigin,
  SyncError,
  syncStatus,
  type BackgroundSync,
  type ConflictVersion,
  type MemoryConflict,
  type SyncStatus,
  type SyncTarget,
} from '@ggen-sim/sync';
import type { HubSecrets } from './hub-secrets.ts';
import { openHubTarget } from './hub-target.ts';
import { bytesOfKey } from './sync-key.ts';

export { removeTarget, renewOrigin };

/** Reads how far the synchronisation is. @param runs - true where it goes on by itself @throws {SyncError} SYNC_INVALID */
export function statusOf(database: Persistence, runs: boolean): Promise<SyncStatus> {
  return syncStatus(database, new Date(), runs);
}

/** Starts to synchronise. @param onReport - called when something was moved, or has failed */
export function start(
  database: Persistence,
  address: string,
  { token, key }: HubSecrets,
  onReport: () => void,
): Promise<BackgroundSync> {
  // Rows are encrypted in the page, so the worker of the hub never has the key.
  const options = { token, ...(key !== undefined && { key: bytesOfKey(key) }) };
  return backgroundSync(address, { ...options, onReport, openTarget: openHubTarget }).start(database);
}

/**
 * Asks a hub with a token, and looks if its rows have this key.
 * @returns its address, as it is stored
 * @throws {SyncError} SYNC_UNREACHABLE, SYNC_UNAUTHORIZED, SYNC_TARGET_INVALID, SYNC_KEY_REQUIRED, SYNC_WRONG_KEY, with what a
 * user of this page can do as the hint
 */
export async function tryHub(database: Persistence, typed: string, secrets: HubSecrets): Promise<string> {
  const address = checkLocation(typed);
  const { token, key } = secrets;
  let target: SyncTarget = await openHubTarget(address, { token });
  try {
    if (key !== undefined) target = await encryptedTarget(target, bytesOfKey(key));
    await checkTarget(database, target, address);
    return address;
  } catch (error) {
    throw inPage(error as SyncError);
  } finally {
    await target.close();
  }
}

/** Says what a user of this page can do, where that is something else than on a command line. */
function inPage(error: SyncError): SyncError {
  const { code, message, hint = '' } = error;
  const instead = (text: string): SyncError => new SyncError(code, message, { hint: text });
  // A browser tells nobody why a request failed.
  if (code === 'SYNC_UNREACHABLE')
    return instead(
      `Check the address, if the hub runs, and if it was started with --allow-origin ${location.origin}.`,
    );
  if (code === 'SYNC_UNAUTHORIZED')
    return instead('Copy the token from where the hub has it (--hub-tokens).');
  if (code === 'SYNC_KEY_REQUIRED')
    return instead(
      'Paste the key that the other machines have, or choose its file. Nothing was sent or stored.',
    );
  if (code === 'SYNC_WRONG_KEY' && hint.includes('share no target'))
    return instead('Leave the key out, or connect to a hub of its own. Nothing was sent or stored.');
  // The key of before is needed, or a beginning with another one.
  if (code === 'SYNC_WRONG_KEY' && hint.includes('`setTarget`'))
    return instead(
      'Give what you gave before, or disconnect, and connect to a hub of its own. Nothing was sent.',
    );
  return error;
}

/** Conflicts that are looked at, so that a long list of old ones costs no more. */
const LOOKED_AT = 1000;

/** Lists agents whose memory was saved by two machines at once, and not since: those in the latest conflicts, latest first. */
export async function agentsInConflict(database: Persistence): Promise<string[]> {
  const agents = new Set<string>();
  for await (const { merged, agentId } of memoryConflicts(database, { limit: LOOKED_AT })) {
    if (!merged) agents.add(agentId);
  }
  return [...agents];
}

/**
 * Lists the conflicts of an agent's memory that no later version has ended.
 * @param content - true for both memories as well, for which the change log is read
 */
export async function conflictsOf(
  database: Persistence,
  agentId: string,
  content: boolean,
): Promise<MemoryConflict[]> {
  const conflicts = await memoryConflicts(database, { agentId, limit: LOOKED_AT });
  const limit = conflicts.findLastIndex(({ merged }) => !merged) + 1;
  // Memories are read of no more than needed.
  const read =
    content && limit > 0 ? await memoryConflicts(database, { agentId, content, limit }) : conflicts;
  return read.filter(({ merged }) => !merged);
}

/** What somebody looked at before merging. */
export interface SeenConflicts {
  readonly agentId: string;
  /** Number of the stored version. */
  readonly version: number;
  /** The stored memory, which a redaction changes, and a version of the same number that takes its place. */
  readonly memoryJson: string;
  readonly auditIds: readonly string[];
}

/** What a user looks at: the version in use, and those that it met. */
export interface Seen extends SeenConflicts {
  readonly used: ConflictVersion;
  /** At least one, the greatest first. */
  readonly others: readonly [ConflictVersion, ...ConflictVersion[]];
}

/** Tells the version in use from those that it met. @returns undefined where nothing is to be merged */
export function seenOf(
  memory: Pick<MemoryRow, 'agentId' | 'version' | 'memoryJson'>,
  conflicts: readonly MemoryConflict[],
): Seen | undefined {
  const lost = new Set(conflicts.map(({ loser }) => loser.hash));
  // Of several conflicts, the version in use has won the last one.
  const used = conflicts.find(({ winner }) => !lost.has(winner.hash))?.winner;
  const byHash = new Map(
    conflicts.flatMap(({ winner, loser }) => [winner, loser]).map((one) => [one.hash, one]),
  );
  // A machine that saved several times has lost with each, and its last one is what is to be merged.
  const [other, ...more] = [...byHash.values()]
    .filter(({ hash }) => hash !== used?.hash)
    .toSorted(
      (left, right) =>
        right.version - left.version || Date.parse(right.lastUpdated) - Date.parse(left.lastUpdated),
    );
  if (used === undefined || other === undefined) return undefined;
  const auditIds = conflicts.map(({ auditId }) => auditId);
  const { agentId, version, memoryJson } = memory;
  return { agentId, version, memoryJson, auditIds, used, others: [other, ...more] };
}

/**
 * Saves one of the versions that were seen, or another memory, as the version after all of them.
 * @throws {SyncError} SYNC_NO_CONFLICT
 * @throws {PersistenceError} VERSION_CONFLICT where there is a version that was not seen; INVALID_JSON
 */
export async function mergeSeen(
  database: Persistence,
  { agentId, version, memoryJson, auditIds }: SeenConflicts,
  chosen: { readonly hash: string } | { readonly memory: string },
): Promise<SavedMemory> {
  const refuse = (message: string): never => {
    throw new PersistenceError('VERSION_CONFLICT', message, {
      operation: 'saveMemory',
      hint: 'Look at what is stored now, and merge that.',
    });
  };
  // A version that arrives may have the number of the one in whose place it comes.
  const conflicts = await conflictsOf(database, agentId, false);
  if (conflicts.some(({ auditId }) => !auditIds.includes(auditId)))
    refuse('Another version of this memory has arrived meanwhile');
  const [stored] = await database.queryMemory({ agentExact: agentId });
  if (stored === undefined) refuse('This memory was deleted meanwhile');
  // What was removed must not come back with a text that was begun before.
  if (stored?.version === version && stored.memoryJson !== memoryJson)
    refuse('What this memory held was removed meanwhile');
  return mergeMemory(database, { agentId, ifVersion: version, ...chosen });
}
