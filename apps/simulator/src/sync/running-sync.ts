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

/** Reads how far the synchronisation is. @throws {SyncError} SYNC_INVALID */
export function statusOf(database: Persistence): Promise<SyncStatus> {
  return syncStatus(database);
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

/** Lists the agents whose memory was saved by two machines at once, and not since. */
export async function agentsInConflict(database: Persistence): Promise<string[]> {
  const conflicts = await memoryConflicts(database);
  return [...new Set(conflicts.filter(({ merged }) => !merged).map(({ agentId }) => agentId))];
}
