/** Checkpoints (https://c2sp.org/tlog-checkpoint): the size and the root of a Merkle tree as lines of text. */
import { PersistenceError } from '../api/errors.ts';
import type { Checkpoint } from '../api/proofs.ts';
import { fromBase64, toBase64 } from '../exports/base64.ts';
import { isPlain, lineEndHint, openNote, splitNote } from './signed-note.ts';

const ORIGIN_PREFIX = 'ggen-sim.dev/';

const HASH_BYTES = 32;

/** Makes a checkpoint. @param databaseId - id of the database that the change log belongs to */
export function makeCheckpoint(databaseId: string, size: number, root: Uint8Array): Checkpoint {
  const origin = `${ORIGIN_PREFIX}${databaseId}`;
  const rootHash = toBase64(root);
  return { origin, size, rootHash, text: `${origin}\n${size}\n${rootHash}\n` };
}

/**
 * Reads a checkpoint, signed or not. Its signatures are not looked at.
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export function parseCheckpoint(note: string): Checkpoint {
  const text = typeof note === 'string' && note.includes('\n\n') ? splitNote(note).text : note;
  const lines = typeof text === 'string' ? text.split('\n') : [];
  const [origin = '', size = '', rootHash = ''] = lines;
  const isComplete =
    isPlain(text) &&
    lines.length >= 4 &&
    lines.slice(0, -1).every((line) => line !== '') &&
    lines.at(-1) === '';
  if (
    !isComplete ||
    !/^(?:0|[1-9]\d*)$/.test(size) ||
    !Number.isSafeInteger(Number(size)) ||
    fromBase64(rootHash)?.length !== HASH_BYTES
  ) {
    throw new PersistenceError('INVALID_ARGUMENT', 'This is no checkpoint', {
      operation: 'checkpoint',
      hint: lineEndHint(note) ?? 'A checkpoint is a text of three lines: an origin, a size and a root hash.',
    });
  }
  return { origin, size: Number(size), rootHash, text };
}

/** Returns the id of the database that a checkpoint is of; undefined for one of another program. */
export function databaseOfCheckpoint({ origin }: Checkpoint): string | undefined {
  return origin.startsWith(ORIGIN_PREFIX) ? origin.slice(ORIGIN_PREFIX.length) : undefined;
}

/**
 * Reads a checkpoint that a key has signed, or cosigned.
 * @throws {PersistenceError} `INVALID_ARGUMENT`, `PROOF_INVALID`
 */
export async function verifyCheckpoint(note: string, verifierKey: string): Promise<Checkpoint> {
  const { text, cosignedAt } = await openNote(note, verifierKey);
  const checkpoint = parseCheckpoint(text);
  return cosignedAt === undefined ? checkpoint : { ...checkpoint, cosignedAt: cosignedAt.toISOString() };
}
