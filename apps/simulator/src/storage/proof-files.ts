/** Files of which a proof is checked: the proof, and with it checkpoints and a public key that somebody kept. */
import { PersistenceError, verifyWrittenProof, type VerifiedProof } from '@ggen-sim/core';

/** What a proof proves. */
export interface CheckedProof extends VerifiedProof {
  /** True when a public key was given, which has signed the checkpoint. */
  readonly isSigned: boolean;
  /** True when a checkpoint came from a file of its own. */
  readonly isKept: boolean;
}

/**
 * Verifies a proof without the database. The files are told apart by what they hold.
 * @throws {PersistenceError} `PROOF_INVALID`; `INVALID_ARGUMENT` for what is no proof, no checkpoint or no key
 */
export async function checkProofFiles(texts: readonly string[]): Promise<CheckedProof> {
  const [proof, ...others] = texts.filter(isJsonObject);
  if (proof === undefined || others.length > 0) {
    const message = proof === undefined ? 'None of the files is a proof' : 'Choose one proof at a time';
    throw new PersistenceError('INVALID_ARGUMENT', message, { operation: 'verifyProof' });
  }
  const notes = texts.filter((text) => text !== proof);
  // A checkpoint has three lines and more, the text of a key is one.
  const isCheckpoint = (note: string): boolean => note.trim().includes('\n');
  const checkpoints = notes.filter(isCheckpoint);
  const verifierKey = notes.find((note) => !isCheckpoint(note))?.trim();
  const verified = await verifyWrittenProof(proof, {
    checkpoints,
    ...(verifierKey !== undefined && { verifierKey }),
  });
  return { ...verified, isSigned: verifierKey !== undefined, isKept: checkpoints.length > 0 };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
