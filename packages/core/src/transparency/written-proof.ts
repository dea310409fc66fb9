/** Proofs as files: as the command line and the page write them, with the checkpoints that they are for. */
import { PersistenceError } from '../api/errors.ts';
import type { Proof, VerifiedProof, WrittenProofEvidence } from '../api/proofs.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { checkList } from '../validation/arguments.ts';
import { invalidProof } from './signed-note.ts';
import { verifyProof } from './verify-proof.ts';

/** A proof with the checkpoints that were written with it. */
type WrittenProof = Proof & { readonly checkpoint?: string; readonly smallerCheckpoint?: string };

/**
 * Verifies a proof as it is written to a file. A checkpoint that somebody has kept takes the place of the one of its size in
 * the file; without one and without a key, the file only agrees with itself.
 * @param text - JSON; `db prove` writes the names of its members as those of columns
 * @throws {PersistenceError} `PROOF_INVALID`; `INVALID_JSON` for what is no proof; `INVALID_ARGUMENT` for what is no checkpoint or no key
 */
export async function verifyWrittenProof(
  text: string,
  { checkpoints = [], verifierKey }: WrittenProofEvidence = {},
): Promise<VerifiedProof> {
  const { checkpoint: larger = '', smallerCheckpoint: smaller, ...proof } = parseProof(text);
  const kept = keptBySize(checkpoints);
  const replaced = (size: number, written: string): string => {
    const note = kept.get(size);
    kept.delete(size);
    return note ?? written;
  };
  const evidence =
    proof.type === 'consistency' && smaller !== undefined
      ? { smallerCheckpoint: replaced(proof.smallerSize, smaller) }
      : {};
  const checkpoint = await verifyProof(proof, {
    checkpoint: replaced(proof.size, larger),
    ...evidence,
    ...(verifierKey !== undefined && { verifierKey }),
  });
  const [unused] = kept.keys();
  if (unused !== undefined) {
    throw invalidProof(`The proof is for ${proof.size} entries, a checkpoint that was kept has ${unused}`);
  }
  return { proof, checkpoint };
}

/** @throws {PersistenceError} `PROOF_INVALID` for two that differ: whoever signed both has shown two histories */
function keptBySize(checkpoints: readonly string[]): Map<number, string> {
  const kept = new Map<number, string>();
  for (const note of checkList({ operation: 'verifyProof', name: 'checkpoints' }, checkpoints)) {
    const { size, origin, rootHash } = parseCheckpoint(note);
    const other = kept.get(size);
    if (other !== undefined) {
      const before = parseCheckpoint(other);
      if (before.rootHash !== rootHash || before.origin !== origin)
        throw invalidProof(`Two checkpoints of ${size} entries that were kept are different`);
    }
    kept.set(size, note);
  }
  return kept;
}

function parseProof(text: string): WrittenProof {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused('The proof is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null) throw refused('This is no proof');
  const camelCase = (key: string): string =>
    key.replaceAll(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [camelCase(key), member]),
  ) as unknown as WrittenProof;
}

function refused(message: string, cause?: unknown): PersistenceError {
  return new PersistenceError('INVALID_JSON', message, { operation: 'verifyProof', cause });
}
