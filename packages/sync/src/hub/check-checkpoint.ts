/**
 * Compares a checkpoint with the entries that a hub has, which is what makes a cosignature worth anything. The hub keeps the
 * largest tree that it has cosigned, and goes on from there: what was cosigned once is the beginning of all that follows, and a
 * checkpoint costs no more than the entries since the last one.
 */
import { databaseOfCheckpoint, MerkleTree, parseCheckpoint, PersistenceError } from '@ggen-sim/core';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { SyncError } from '../errors.ts';
import type { HubSession } from './hub-database.ts';
import { checkOrigin } from './request-checks.ts';

/** Entries that are read in one transaction, so that pushes go on meanwhile. */
const BATCH_ENTRIES = 2000;

const MAX_NOTE_CHARACTERS = 65_536;

/** Runs work in a transaction. */
type Transaction = <T>(work: (session: HubSession) => Promise<T>) => Promise<T>;

/** What was cosigned of a database. */
interface CosignedTree {
  readonly tree: MerkleTree;
  /** Number of its last entry. */
  readonly seq: number;
}

/**
 * Makes sure that the entries of a checkpoint are those that the hub has, and keeps it as the largest that was cosigned.
 * @throws {SyncError} CHECKPOINT_INCONSISTENT, SYNC_GAP, SYNC_INVALID
 */
export async function checkCheckpoint(transaction: Transaction, note: string): Promise<void> {
  const { origin, size, rootHash } = parse(note);
  const { tree, seq: startSeq } = await transaction((session) => readCosigned(session, origin));
  if (size < tree.size) throw outdated(origin, size, tree.size);
  let seq = startSeq;
  while (tree.size < size) {
    const entries = await transaction((session) =>
      readLeaves(session, origin, seq, Math.min(BATCH_ENTRIES, size - tree.size)),
    );
    if (entries.length === 0) {
      throw new SyncError('SYNC_GAP', `The hub has ${tree.size} of the ${size} entries of ${origin}`, {
        hint: 'Push them, and send the checkpoint again.',
      });
    }
    for (const [number, leaf] of entries) {
      tree.append(hexToBytes(leaf));
      seq = number;
    }
  }
  if (toBase64(tree.root()) !== rootHash) throw inconsistent(origin, size);
  await transaction((session) => keep(session, origin, { tree, seq }));
}

/** @throws {SyncError} SYNC_INVALID for what is no checkpoint of a database of this program, without further lines */
function parse(note: unknown): { readonly origin: string; readonly size: number; readonly rootHash: string } {
  if (typeof note !== 'string' || note.length > MAX_NOTE_CHARACTERS) throw invalid('it is no checkpoint');
  let checkpoint: ReturnType<typeof parseCheckpoint>;
  try {
    checkpoint = parseCheckpoint(note);
  } catch (error) {
    if (error instanceof PersistenceError) throw invalid(error.message, error);
    throw error;
  }
  const { size, rootHash, text } = checkpoint;
  const origin = databaseOfCheckpoint(checkpoint);
  // Nothing is known here of what further lines would say.
  if (origin === undefined || text.split('\n').length !== LINES)
    throw invalid('the checkpoint is that of another program');
  checkOrigin(origin);
  return { origin, size, rootHash };
}

/** Three lines, and what is after the last newline. */
const LINES = 4;

async function readCosigned(session: HubSession, origin: string): Promise<CosignedTree> {
  const [row] = await session.query(
    'SELECT size, seq, roots FROM ggen_checkpoints WHERE tenant = $1 AND origin = $2',
    [session.tenant, origin],
  );
  if (row === undefined) return { tree: new MerkleTree(), seq: 0 };
  const roots = String(row[2]).match(/.{64}/gu) ?? [];
  return { tree: new MerkleTree(Number(row[0]), roots.map(hexToBytes)), seq: Number(row[1]) };
}

async function readLeaves(
  session: HubSession,
  origin: string,
  after: number,
  limit: number,
): Promise<(readonly [seq: number, leaf: string])[]> {
  const rows = await session.query(
    `SELECT seq, leaf FROM ggen_entries WHERE tenant = $1 AND origin = $2 AND seq > $3 ORDER BY seq LIMIT $4`,
    [session.tenant, origin, after, limit],
  );
  return rows.map(([seq, leaf]) => [Number(seq), String(leaf)]);
}

/** Keeps a tree. @throws {SyncError} SYNC_INVALID when a larger one was cosigned meanwhile */
async function keep(session: HubSession, origin: string, { tree, seq }: CosignedTree): Promise<void> {
  const { tenant } = session;
  // As a push does: one after the other.
  await session.query('UPDATE ggen_hub SET position = position WHERE tenant = $1', [tenant]);
  const { tree: kept } = await readCosigned(session, origin);
  if (tree.size < kept.size) throw outdated(origin, tree.size, kept.size);
  await session.query(
    `INSERT INTO ggen_checkpoints (tenant, origin, size, seq, roots) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant, origin) DO UPDATE SET size = excluded.size, seq = excluded.seq, roots = excluded.roots`,
    [tenant, origin, tree.size, seq, tree.roots.map(bytesToHex).join('')],
  );
}

function inconsistent(origin: string, size: number): SyncError {
  return new SyncError(
    'CHECKPOINT_INCONSISTENT',
    `The first ${size} entries of ${origin} are other ones than those that it sent: its change log was rewritten`,
    {
      hint: 'The checkpoint is not cosigned. `verify` with an earlier checkpoint tells where it was changed.',
    },
  );
}

function outdated(origin: string, size: number, cosigned: number): SyncError {
  return new SyncError(
    'SYNC_INVALID',
    `The checkpoint of ${origin} has ${size} entries, and one with ${cosigned} was cosigned before`,
    { hint: 'Make a new one.' },
  );
}

function invalid(reason: string, cause?: unknown): SyncError {
  return new SyncError('SYNC_INVALID', `The checkpoint is refused: ${reason}`, { cause });
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
