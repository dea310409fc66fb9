/** Files of which a proof is checked: the proof, and with it a checkpoint and a public key that somebody kept. */
import { PersistenceError, verifyProof, type Checkpoint, type Proof } from '@ggen-sim/core';

/** A proof as the page and `db prove` write it: with the checkpoint that it is for. */
type WrittenProof = Proof & { readonly checkpoint?: string; readonly smallerCheckpoint?: string };

/** What a proof proves. */
export interface CheckedProof {
  readonly proof: Proof;
  readonly checkpoint: Checkpoint;
  /** True when a public key was given, which has signed the checkpoint. */
  readonly isSigned: boolean;
  /** True when the checkpoint came from a file of its own. */
  readonly isKept: boolean;
}

/**
 * Verifies a proof without the database. The files are told apart by what they hold.
 * @throws {PersistenceError} `PROOF_INVALID`; `INVALID_ARGUMENT` for what is no proof, no checkpoint or no key
 */
export async function checkProofFiles(texts: readonly string[]): Promise<CheckedProof> {
  const proofs = texts.flatMap((text) => parseProof(text) ?? []);
  const [proof, ...others] = proofs;
  if (proof === undefined || others.length > 0) {
    throw refused(proof === undefined ? 'None of the files is a proof' : 'Choose one proof at a time');
  }
  const notes = texts.filter((text) => parseProof(text) === undefined);
  // A checkpoint has three lines and more, the text of a key is one.
  const kept = notes.find((text) => text.trim().includes('\n'));
  const verifierKey = notes.find((text) => !text.trim().includes('\n'))?.trim();
  const { checkpoint: written = '', smallerCheckpoint, ...rest } = proof;
  const checkpoint = await verifyProof(rest, {
    checkpoint: kept ?? written,
    ...(smallerCheckpoint !== undefined && { smallerCheckpoint }),
    ...(verifierKey !== undefined && { verifierKey }),
  });
  return { proof, checkpoint, isSigned: verifierKey !== undefined, isKept: kept !== undefined };
}

/** Reads a proof. The command line writes the names of its members as those of columns. */
function parseProof(text: string): WrittenProof | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const camelCase = (key: string): string =>
    key.replaceAll(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [camelCase(key), member]),
  ) as unknown as WrittenProof;
}

function refused(message: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', message, { operation: 'verifyProof' });
}
