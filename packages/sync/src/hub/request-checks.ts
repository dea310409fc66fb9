/** Checks of what a database sends, before anything of it is stored. */
import type { PushedBatch, PushedChange } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';

const HASH = /^[0-9a-f]{64}$/;
const TABLES: ReadonlySet<unknown> = new Set(['receipts', 'agent_memory', 'audit_log']);
const KINDS: ReadonlySet<unknown> = new Set(['saved', 'deleted', 'redacted']);

/** @throws {SyncError} SYNC_INVALID */
export function checkPushedBatch({ origin, after, entries }: PushedBatch): void {
  if (typeof origin !== 'string' || origin === '') throw invalid('the batch names no database');
  if (!Number.isSafeInteger(after.seq) || after.seq < 0 || !HASH.test(after.chain))
    throw invalid('the position before the batch is none');
  let before = after.seq;
  for (const { seq, leaf, change } of entries) {
    // The log of a database that was reset or restored begins with any number.
    const follows = before === 0 ? Number.isSafeInteger(seq) && seq > 0 : seq === before + 1;
    if (!follows) throw invalid(`entry ${seq} does not follow ${before}`);
    before = seq;
    if (!HASH.test(leaf)) throw invalid(`entry ${seq} has no hash`);
    if (change !== null && !isChange(change)) throw invalid(`entry ${seq} tells of no change`);
  }
}

function isChange({ kind, table, id, content, parent, leaves, redactedLeaves }: PushedChange): boolean {
  return (
    KINDS.has(kind) &&
    TABLES.has(table) &&
    typeof id === 'string' &&
    (typeof content === 'string' || (content === null && kind !== 'saved')) &&
    (parent === null || HASH.test(parent)) &&
    [leaves, redactedLeaves].every((hashes) => hashes.every((hash) => HASH.test(hash)))
  );
}

function invalid(reason: string): SyncError {
  return new SyncError('SYNC_INVALID', `The push is refused: ${reason}`);
}
