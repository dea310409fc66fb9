/**
 * Cosignatures (https://c2sp.org/tlog-cosignature, version 1 with Ed25519): what somebody else, who holds a copy of the log,
 * adds to a checkpoint to say when the largest tree that they have seen of it had this root.
 */
import type { NoteSigner } from '../api/proofs.ts';
import { PersistenceError } from '../api/errors.ts';
import { parseCheckpoint } from './checkpoint.ts';
import {
  COSIGNATURE_TYPE,
  cosignedMessage,
  encodeVerifierKey,
  generateKeys,
  keyNameOf,
  MAX_SIGNATURES,
  MAX_TIME_S,
  signatureLine,
  signerOfType,
  splitNote,
  type NoteKeys,
} from './signed-note.ts';

/**
 * Makes a pair of Ed25519 keys that cosign, and sign nothing else.
 * @param name - name of the cosigner, such as `hub.example`; no spaces and no plus
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export function generateCosignerKeys(name: string): Promise<NoteKeys> {
  return generateKeys(COSIGNATURE_TYPE, name);
}

/**
 * Makes a cosigner of the text of its private key.
 * @throws {PersistenceError} `INVALID_ARGUMENT`, also for a key that signs checkpoints; the message does not have the key
 */
export function cosignerOf(signerKey: string): Promise<NoteSigner> {
  return signerOfType(COSIGNATURE_TYPE, signerKey);
}

/** Returns the text of a cosigner's public key, by which `verifyCheckpoint` and `verifyProof` verify its cosignatures. */
export function cosignerKeyOf(cosigner: NoteSigner): string {
  keyNameOf(cosigner);
  return encodeVerifierKey(COSIGNATURE_TYPE, cosigner.name, cosigner.publicKey);
}

/**
 * Adds a cosignature to a checkpoint. The caller has to know that no larger tree of this origin has another beginning.
 * @param note - a checkpoint, signed or not, with less than 100 signatures
 * @param now - the time of the cosignature, since 1970; parts of a second are left out
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export async function cosignCheckpoint(note: string, cosigner: NoteSigner, now: Date): Promise<string> {
  const { text } = parseCheckpoint(note);
  const seconds = Math.floor(now.getTime() / 1000);
  if (!(seconds >= 0 && seconds <= Number(MAX_TIME_S))) throw refused('The time of a cosignature is none');
  // With one more, nobody could read it.
  if (note !== text && splitNote(note).signatures.length >= MAX_SIGNATURES)
    throw refused(`The checkpoint has ${MAX_SIGNATURES} signatures already`);
  const time = BigInt(seconds);
  const signature = await cosigner.sign(cosignedMessage(time, text));
  const timed = new Uint8Array(8 + signature.length);
  new DataView(timed.buffer).setBigUint64(0, time);
  timed.set(signature, 8);
  const signatures = note.slice(text.length) || '\n';
  return `${text}${signatures}${signatureLine(COSIGNATURE_TYPE, cosigner, timed)}`;
}

function refused(message: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', message, { operation: 'cosignCheckpoint' });
}
