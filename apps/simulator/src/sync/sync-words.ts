import type { Persistence } from '@ggen-sim/core';
import type { SyncStatus } from '@ggen-sim/sync';
import { formatPlural } from '../components/format.ts';
import type { Tone } from '../components/status.tsx';
import { IS_STUDIO } from '../database/studio.ts';

/** A state in words. */
export interface SyncState {
  readonly tone: Tone;
  readonly text: string;
}

/** Says how it is with a synchronisation. */
export function stateOf({ lagEntries, lastError, lastSuccess }: SyncStatus): SyncState {
  if (lastError !== null) return STATES[lastError.code] ?? { tone: 'error', text: 'The last attempt failed' };
  if (lagEntries > 0)
    return { tone: 'neutral', text: `${formatPlural(lagEntries, 'entry', 'entries')} to send` };
  return lastSuccess === null
    ? { tone: 'neutral', text: 'Not synchronised yet' }
    : { tone: 'success', text: 'Up to date' };
}

const STATES: Readonly<Record<string, SyncState>> = {
  FORKED: { tone: 'error', text: 'Stopped: the hub has other entries of this database' },
  SYNC_TARGET_CHANGED: { tone: 'error', text: 'Stopped: another hub is at this address' },
  SYNC_UNAUTHORIZED: { tone: 'error', text: 'Stopped: the hub refuses the token' },
  SYNC_UNREACHABLE: { tone: 'warning', text: 'The hub cannot be reached' },
  SYNC_KEY_REQUIRED: { tone: 'error', text: 'Stopped: rows are encrypted, and the key is missing' },
  SYNC_WRONG_KEY: { tone: 'error', text: 'Stopped: the rows of the hub have another key, or none' },
};

/** Advice whose way is another one in the page. */
const ADVICE_IN_PAGE: Readonly<Record<string, string>> = {
  SYNC_TARGET_CHANGED:
    'The hub was made anew, or the token is one of another tenant. Nothing was sent. Disconnect, then connect again with the token of before, or to send everything to this one.',
  SYNC_UNAUTHORIZED: 'Enter a token that the hub takes.',
  SYNC_KEY_REQUIRED: 'Give the key that the other machines have. Nothing is sent without it.',
  SYNC_WRONG_KEY:
    'Give the key that the other machines have. If they have none, disconnect, and connect without one. To synchronise with another one, disconnect, and connect to a hub of its own.',
  SYNC_UNREACHABLE:
    'Saves go on here. The page tries again by itself, and “Synchronise now” does it at once.',
};

/** What the functions that an advice names are called here. */
const NAMES: Readonly<Record<string, string>> = IS_STUDIO
  ? {
      setTarget: 'ggen-sim sync init',
      synchronise: 'ggen-sim sync run',
      renewOrigin: 'ggen-sim sync renew-origin',
    }
  : {
      setTarget: 'Connect',
      synchronise: 'Synchronise now',
      renewOrigin: 'Give this database a new id',
    };

/** Says what is to be done; undefined for nothing. */
export function adviceOf({ advice, lastError }: SyncStatus): string | undefined {
  const inPage = IS_STUDIO ? undefined : ADVICE_IN_PAGE[lastError?.code ?? ''];
  return inPage ?? advice?.replaceAll(/`(\w+)`/gu, (_, name: string) => `“${NAMES[name] ?? name}”`);
}

/** An interruption of this length is no reason for a notice. */
const LONG_MS = 600_000;

/** Says what is wrong for long, or does not pass by itself; undefined where nothing is. */
export function troubleOf({ lagEntries, lastError, lastSuccess }: SyncStatus): string | undefined {
  if (lastError === null || lastError.code === 'SYNC_BUSY') return undefined;
  const waiting =
    lagEntries > 0
      ? ` ${formatPlural(lagEntries, 'entry waits', 'entries wait')} here.`
      : ' Nothing waits here.';
  if (lastError.code !== 'SYNC_UNREACHABLE')
    return `${STATES[lastError.code]?.text ?? 'It fails'}.${waiting}`;
  const isLong = Date.parse(lastError.at) - Date.parse(lastSuccess ?? '1970-01-01') > LONG_MS;
  return isLong ? `The hub has not been reached for long.${waiting}` : undefined;
}

/** Reads the agents whose memory is in conflict. */
export const readConflicts = async (persistence: Persistence): Promise<string[]> =>
  (await import('./running-sync.ts')).agentsInConflict(persistence);
