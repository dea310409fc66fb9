/**
 * Checks of what a database sends, before anything of it is stored: it may come over a network. A row that could not be read
 * again would stop every database that pulls it.
 */
import type { PullRequest, PushedBatch, PushedChange } from '../contract/sync-target.ts';
import { isTenant } from '../contract/tenant.ts';
import { SyncError } from '../errors.ts';

const HASH = /^[0-9a-f]{64}$/;
const TABLES: ReadonlySet<unknown> = new Set(['receipts', 'agent_memory', 'audit_log']);
const KINDS: ReadonlySet<unknown> = new Set(['saved', 'deleted', 'redacted']);

/** Entries of a batch, hashes that are asked for, and changes of a pull: twice of what this version sends. */
const MAX_ENTRIES = 1000;
const MAX_ORIGIN_CHARACTERS = 200;

/** @throws {SyncError} SYNC_INVALID */
export function checkPushedBatch(batch: PushedBatch): void {
  const { origin, after, entries } = recordOf(batch);
  checkOrigin(origin);
  const { seq: afterSeq, chain } = recordOf(after);
  if (!isWholeNumber(afterSeq) || !isHash(chain)) throw invalid('the position before the batch is none');
  if (!Array.isArray(entries) || entries.length > MAX_ENTRIES)
    throw invalid(`a batch has a list of at most ${MAX_ENTRIES} entries`);
  let before = afterSeq;
  for (const entry of entries as unknown[]) {
    const { seq, leaf, change } = recordOf(entry);
    // The log of a database that was reset or restored begins with any number.
    const follows = isWholeNumber(seq) && (before === 0 ? seq > 0 : seq === before + 1);
    if (!follows) throw invalid(`entry ${String(seq)} does not follow ${before}`);
    before = seq;
    if (!isHash(leaf)) throw invalid(`entry ${seq} has no hash`);
    if (change !== null && !isChange(recordOf(change))) throw invalid(`entry ${seq} tells of no change`);
  }
}

/** @throws {SyncError} SYNC_INVALID */
export function checkOrigin(origin: unknown): void {
  // PostgreSQL stores no zero character, and stores other ones in place of half a character.
  const isName = typeof origin === 'string' && /^[\x20-\x7e]+$/.test(origin);
  if (!isName || origin.length > MAX_ORIGIN_CHARACTERS) throw invalid('it names no database');
}

/** @throws {SyncError} SYNC_INVALID */
export function checkTenant(name: string): string {
  if (isTenant(name)) return name;
  throw invalid('the name of a tenant is 1 to 64 letters, digits, _, . and -');
}

/** @throws {SyncError} SYNC_INVALID */
export function checkLeaves(leaves: readonly string[]): void {
  if (!isHashes(leaves) || leaves.length > MAX_ENTRIES)
    throw invalid(`at most ${MAX_ENTRIES} hashes can be asked for`);
}

/** @throws {SyncError} SYNC_INVALID */
export function checkPullRequest(request: PullRequest): void {
  const { origin, after, pushId, limit } = recordOf(request);
  checkOrigin(origin);
  if (!isWholeNumber(after)) throw invalid('the position to read after is none');
  if (pushId !== null && typeof pushId !== 'string') throw invalid('the id of a push is a text or null');
  if (!isWholeNumber(limit) || limit === 0 || limit > MAX_ENTRIES)
    throw invalid(`a pull reads 1 to ${MAX_ENTRIES} changes`);
}

function isChange(change: Partial<Record<keyof PushedChange, unknown>>): boolean {
  const { kind, table, id, content, parent, leaves, redactedLeaves, reason } = change;
  return (
    KINDS.has(kind) &&
    TABLES.has(table) &&
    typeof id === 'string' &&
    (typeof content === 'string' ? isRow(content) : content === null && kind !== 'saved') &&
    (parent === null || isHash(parent)) &&
    [leaves, redactedLeaves].every(isHashes) &&
    (reason === null || typeof reason === 'string')
  );
}

/** True for the JSON of a row: an object that holds no other one. */
function isRow(content: string): boolean {
  try {
    const row: unknown = JSON.parse(content);
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return false;
    return Object.values(row).every((value) => value === null || typeof value !== 'object');
  } catch {
    return false;
  }
}

/** Returns the members of what should be an object. */
function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw invalid('a part of it is no object');
}

function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && HASH.test(value);
}

function isHashes(value: unknown): boolean {
  return Array.isArray(value) && value.every(isHash);
}

function invalid(reason: string): SyncError {
  return new SyncError('SYNC_INVALID', `The request is refused: ${reason}`);
}
