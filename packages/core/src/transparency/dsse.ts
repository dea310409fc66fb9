/**
 * DSSE envelopes (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md): a payload with its type, and signatures
 * over both. Keys are those of signed notes, with Ed25519.
 */
import { ed25519 } from '#transparency/ed25519';
import { PersistenceError } from '../api/errors.ts';
import type { DsseEnvelope, NoteSigner } from '../api/proofs.ts';
import { fromBase64, toBase64 } from '../exports/base64.ts';
import { COSIGNATURE_TYPE, invalidProof, keyNameOf, parseVerifierKey } from './signed-note.ts';

/** Most signatures that are read in an envelope; more are refused. */
const MAX_SIGNATURES = 100;

const encoder = new TextEncoder();

/** Makes the bytes that are signed: the type and the payload, each with its length (PAE of the protocol). */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encoder.encode(payloadType);
  const head = encoder.encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/**
 * Signs a payload.
 * @throws {PersistenceError} `INVALID_ARGUMENT` for a signer without a name
 */
export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signer: NoteSigner,
): Promise<DsseEnvelope> {
  const keyid = keyNameOf(signer);
  const signature = await signer.sign(preAuthenticationEncoding(payloadType, payload));
  return { payloadType, payload: toBase64(payload), signatures: [{ keyid, sig: toBase64(signature) }] };
}

/**
 * Verifies that a key signed an envelope. The ids of keys in it are hints, and not looked at.
 * @param verifierKey - the text of the public key
 * @returns the payload
 * @throws {PersistenceError} `INVALID_ARGUMENT` for what is no envelope, no key or another type; `PROOF_INVALID` for an
 * envelope that the key has not signed
 */
export async function verifyEnvelope(
  envelope: DsseEnvelope,
  payloadType: string,
  verifierKey: string,
): Promise<Uint8Array> {
  const { name, type: keyType, publicKey } = parseVerifierKey(verifierKey);
  if (keyType === COSIGNATURE_TYPE)
    throw refused('verifierKey is that of a cosigner, which signs no envelopes');
  const { payload, payloadType: type, signatures } = (envelope ?? {}) as Partial<DsseEnvelope>;
  const bytes = decode(payload);
  if (bytes === undefined || typeof type !== 'string' || !Array.isArray(signatures)) {
    throw refused('This is no DSSE envelope');
  }
  if (type !== payloadType)
    throw refused(`The payload of the envelope is ${JSON.stringify(type)}, not ${payloadType}`);
  if (signatures.length > MAX_SIGNATURES) throw refused('The envelope has too many signatures');
  const message = preAuthenticationEncoding(type, bytes);
  for (const signature of signatures as readonly unknown[]) {
    const { sig } = (signature ?? {}) as { readonly sig?: unknown };
    const signed = decode(sig);
    if (signed?.length === SIGNATURE_BYTES && (await ed25519.verify(publicKey, message, signed)))
      return bytes;
  }
  throw invalidProof(`The envelope is not signed by ${name} with this key`);
}

const SIGNATURE_BYTES = 64;

/** Decodes base64 of either alphabet: readers must accept both. */
function decode(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' ? fromBase64(text.replaceAll('-', '+').replaceAll('_', '/')) : undefined;
}

function refused(message: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', message, { operation: 'verifyEnvelope' });
}
