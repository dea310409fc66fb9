/**
 * Keeps rows that were encrypted with different keys, or with none, from coming together: machines with one key could read
 * nothing of what those with another one send, nor what comes after it.
 */
import { keyIdOf } from '../contract/sealed-text.ts';
import type { PushedEntry } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import type { HubSession } from './hub-database.ts';

/** What tells of a change which key it was encrypted with: the row, or the reason of a removal. */
const LATEST_SQL = `SELECT substr(content, 1, 100), substr(reason, 1, 100) FROM ggen_changes
  WHERE tenant = $1 AND (content IS NOT NULL OR reason IS NOT NULL) ORDER BY position DESC LIMIT 1`;

/**
 * Compares the key of new entries with that of what is stored.
 * @throws {SyncError} SYNC_KEY_REQUIRED, SYNC_WRONG_KEY
 */
export async function checkKey(session: HubSession, entries: readonly PushedEntry[]): Promise<void> {
  const keys = new Set(
    entries.flatMap(({ change }) => {
      const text = change?.content ?? change?.reason;
      return typeof text === 'string' ? [keyIdOf(text)] : [];
    }),
  );
  if (keys.size === 0) return;
  const stored = await latestKey(session);
  if (stored !== undefined) keys.add(stored);
  if (keys.size === 1) return;
  if (keys.has(null) && stored !== null) {
    throw new SyncError('SYNC_KEY_REQUIRED', 'What the target has is encrypted, and what was sent is not', {
      hint: 'Give the key that the other databases have (GGEN_SIM_SYNC_KEY). Nothing was stored.',
    });
  }
  throw new SyncError(
    'SYNC_WRONG_KEY',
    stored === null
      ? 'What the target has is not encrypted, and what was sent is'
      : 'What the target has is encrypted with another key than what was sent',
    { hint: 'Give the key that the other databases have, or use another target. Nothing was stored.' },
  );
}

/** Returns the name of the key of what came last; undefined where nothing is. */
async function latestKey(session: HubSession): Promise<string | null | undefined> {
  const [row] = await session.query(LATEST_SQL, [session.tenant]);
  if (row === undefined) return undefined;
  const [content, reason] = row;
  // The beginning of a reason, without the escapes of `toStoredText`.
  return keyIdOf(typeof content === 'string' ? content : String(reason).replaceAll('\\"', '"'));
}
