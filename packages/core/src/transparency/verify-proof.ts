/** Verifies proofs without a database, in Node and in a page. */
import { PersistenceError } from '../api/errors.ts';
import type { SqlValue } from '../engine/sqlite-connection.ts';
import type { Checkpoint, ConsistencyProof, InclusionProof, Proof, ProofEvidence } from '../api/proofs.ts';
import { leafOf } from '../change-log/canonical-form.ts';
import { parseObject } from '../change-log/entry-body.ts';
import { columnsOfTable } from '../tables/index.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { fromBase64 } from '../exports/base64.ts';
import { checkFields } from '../validation/arguments.ts';
import { parseCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { MerkleTree, rootFromInclusion, rootsFromConsistency } from './merkle-tree.ts';
import { encodeProofRow } from './proof-row.ts';
import { invalidProof, isEqual } from './signed-note.ts';

const OPERATION = 'verifyProof';

/**
 * Verifies a proof: that the key signed its checkpoint, if one is given, and that the tree of the checkpoint contains the row, or begins with
 * that of the earlier checkpoint. It needs no database and works offline.
 * @returns the checkpoint
 * @throws {PersistenceError} `PROOF_INVALID`; `INVALID_ARGUMENT` for what is no proof, no checkpoint or no key
 */
export async function verifyProof(proof: Proof, evidence: ProofEvidence): Promise<Checkpoint> {
  const {
    checkpoint: note,
    smallerCheckpoint,
    verifierKey,
  } = checkFields({ operation: OPERATION, name: 'evidence' }, evidence);
  const read = async (text: string): Promise<Checkpoint> =>
    verifierKey === undefined ? parseCheckpoint(text) : verifyCheckpoint(text, verifierKey);
  const checkpoint = await read(note);
  const { type }: { readonly type?: unknown } = checkFields({ operation: OPERATION, name: 'proof' }, proof);
  if (type === 'inclusion') {
    verifyInclusion(proof as InclusionProof, checkpoint);
  } else if (type === 'consistency') {
    if (smallerCheckpoint === undefined) throw refused('smallerCheckpoint is missing');
    verifyConsistency(proof as ConsistencyProof, checkpoint, await read(smallerCheckpoint));
  } else throw refused('This is no proof');
  return checkpoint;
}

function verifyInclusion(proof: InclusionProof, checkpoint: Checkpoint): void {
  if (proof.size !== checkpoint.size) {
    throw invalidProof(`The proof is for ${proof.size} entries, the checkpoint has ${checkpoint.size}`);
  }
  const leaf = hashOf(proof.leaf);
  const { table, rowJson } = proof;
  if (table !== null) {
    if (!TABLE_NAMES.includes(table) || typeof rowJson !== 'string')
      throw refused('The proof names no table');
    const row = parseObject(rowJson) as Readonly<Record<string, SqlValue>>;
    const values = columnsOfTable(table).map(({ column }) => row[column] ?? null);
    if (!isEqual(leafOf(table, values), leaf)) throw invalidProof('The row was edited: it has another hash');
    // What is not hashed is not proved: further members, or two of one name.
    if (encodeProofRow(table, values) !== rowJson)
      throw invalidProof('The row was edited: it has more than its columns');
  } else if ((rowJson ?? null) !== null) {
    throw invalidProof('The proof has a row, and names no table of it');
  }
  if (!Number.isSafeInteger(proof.index) || proof.index < 0) throw refused('The proof has no index');
  const root = rootFromInclusion(proof.index, proof.size, leaf, hashesOf(proof));
  if (root === undefined || !isEqual(root, hashOf(checkpoint.rootHash))) {
    throw invalidProof('The row is not in the change log of the checkpoint');
  }
  checkNamedRoot(proof.rootHash, checkpoint);
}

function verifyConsistency(proof: ConsistencyProof, checkpoint: Checkpoint, smaller: Checkpoint): void {
  if (proof.size !== checkpoint.size || proof.smallerSize !== smaller.size) {
    throw invalidProof(
      `The proof is for ${proof.smallerSize} and ${proof.size} entries, the checkpoints have ${smaller.size} and ${checkpoint.size}`,
    );
  }
  if (checkpoint.origin !== smaller.origin) throw invalidProof('The checkpoints are of different databases');
  const hashes = hashesOf(proof);
  const smallerRoot = hashOf(smaller.rootHash);
  const root = hashOf(checkpoint.rootHash);
  // Every log begins with the empty one.
  const roots =
    smaller.size === 0 && hashes.length === 0
      ? { smallerRoot: new MerkleTree().root(), root }
      : rootsFromConsistency(smaller.size, checkpoint.size, smallerRoot, hashes);
  if (roots === undefined || !isEqual(roots.smallerRoot, smallerRoot) || !isEqual(roots.root, root)) {
    throw invalidProof('The change log of the checkpoint does not begin with that of the earlier one');
  }
  checkNamedRoot(proof.rootHash, checkpoint);
  checkNamedRoot(proof.smallerRootHash, smaller);
}

/** Whoever reads a proof that was verified may take its members for verified as well. */
function checkNamedRoot(rootHash: string, checkpoint: Checkpoint): void {
  if (isEqual(hashOf(rootHash), hashOf(checkpoint.rootHash))) return;
  throw invalidProof(`The proof names another root than the checkpoint of ${checkpoint.size} entries`);
}

function hashesOf({ hashes }: Proof): Uint8Array[] {
  if (!Array.isArray(hashes)) throw refused('The proof has no hashes');
  return hashes.map(hashOf);
}

function hashOf(text: string): Uint8Array {
  const hash = typeof text === 'string' ? fromBase64(text) : undefined;
  if (hash?.length !== 32) throw refused('The proof has a hash that is not 32 bytes in base64');
  return hash;
}

function refused(message: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', message, { operation: OPERATION });
}
