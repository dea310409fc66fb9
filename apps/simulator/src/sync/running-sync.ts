/** What needs the code of the synchronisation, which is loaded when there is one, or when the form for it is sent. */
import type { Persistence } from '@ggen-sim/core';
import {
  backgroundSync,
  checkLocation,
  memoryConflicts,
  removeTarget,
  renewOrigin,
  SyncError,
  syncStatus,
  type BackgroundSync,
  type SyncStatus,
} from '@ggen-sim/sync';
import { openHubTarget } from './hub-target.ts';

export { removeTarget, renewOrigin };

/** Reads how far the synchronisation is. @param runs - true where it goes on by itself @throws {SyncError} SYNC_INVALID */
export function statusOf(database: Persistence, runs: boolean): Promise<SyncStatus> {
  return syncStatus(database, new Date(), runs);
}

/** Starts to synchronise. @param onReport - called when something was moved, or has failed */
export function start(
  database: Persistence,
  address: string,
  token: string,
  onReport: () => void,
): Promise<BackgroundSync> {
  return backgroundSync(address, { token, onReport, openTarget: openHubTarget }).start(database);
}

/**
 * Asks a hub with a token.
 * @returns its address, as it is stored
 * @throws {SyncError} SYNC_UNREACHABLE, SYNC_UNAUTHORIZED, SYNC_TARGET_INVALID, with what a user of this page can do as the hint
 */
export async function tryHub(typed: string, token: string): Promise<string> {
  const address = checkLocation(typed);
  const target = await openHubTarget(address, { token });
  try {
    await target.id();
    return address;
  } catch (error) {
    const { code, message } = error as SyncError;
    // A browser tells nobody why a request failed.
    if (code === 'SYNC_UNREACHABLE') {
      throw new SyncError(code, message, {
        hint: `Check the address, if the hub runs, and if it was started with --allow-origin ${location.origin}.`,
      });
    }
    if (code === 'SYNC_UNAUTHORIZED')
      throw new SyncError(code, message, {
        hint: 'Copy the token from where the hub has it (--hub-tokens).',
      });
    throw error;
  } finally {
    await target.close();
  }
}

/** Conflicts that are looked at, and agents that are named, so that a long list of old ones costs no more. */
const LOOKED_AT = 1000;
const NAMED = 20;

/** Lists agents whose memory was saved by two machines at once, and not since; the latest ones, of those in the latest conflicts. */
export async function agentsInConflict(database: Persistence): Promise<string[]> {
  const agents = new Set<string>();
  for await (const { merged, agentId } of memoryConflicts(database, { limit: LOOKED_AT })) {
    if (!merged) agents.add(agentId);
    if (agents.size === NAMED) break;
  }
  return [...agents];
}
