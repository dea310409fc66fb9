/**
 * Signed notes (https://c2sp.org/signed-note): a text, a blank line, and lines with signatures. Keys are written as the
 * programs of Go write them (https://pkg.go.dev/golang.org/x/mod/sumdb/note), so that those read ours and the other way.
 */
import { ed25519 } from '#transparency/ed25519';
import { sha256Bytes } from '#hashing/sha256';
import { PersistenceError } from '../api/errors.ts';
import type { NoteSigner } from '../api/proofs.ts';
import { fromBase64, toBase64 } from '../exports/base64.ts';

/** Signature types: an Ed25519 signature over the text of a note, and one over the text and a time. */
const ED25519_TYPE = 1;
export const COSIGNATURE_TYPE = 4;

export type SignatureType = typeof ED25519_TYPE | typeof COSIGNATURE_TYPE;

/** First characters of the text of a private key. */
const PRIVATE_PREFIX = 'PRIVATE+KEY+';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** Latest time that a date can have, in seconds since 1970. */
export const MAX_TIME_S = 8_640_000_000_000n;

/** Most signatures that are read in a note; more are refused. */
export const MAX_SIGNATURES = 100;

const NAME = /^[^\s+\p{Z}]+$/u;

/** A public key and its name. */
export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  readonly keyId: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A note that a key has signed. */
export interface OpenedNote {
  readonly text: string;
  /** Only of a cosignature: its time. */
  readonly cosignedAt: Date | undefined;
}

/** A new pair of keys. */
export interface NoteKeys {
  /** The private key as a text, to be kept secret. */
  readonly signerKey: string;
  /** The public key as a text, to be given to those who verify. */
  readonly verifierKey: string;
}

/**
 * Makes a pair of Ed25519 keys.
 * @param name - name of the signer, such as `example.com/log`; no spaces and no plus
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export function generateNoteKeys(name: string): Promise<NoteKeys> {
  return generateKeys(ED25519_TYPE, name);
}

/** Makes a pair of keys for signatures of one type. @throws {PersistenceError} `INVALID_ARGUMENT` */
export async function generateKeys(type: SignatureType, name: string): Promise<NoteKeys> {
  checkName(name);
  const seed = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const publicKey = await ed25519.publicKeyOf(seed);
  const id = toHex(keyIdOf(type, name, publicKey));
  return {
    signerKey: `${PRIVATE_PREFIX}${name}+${id}+${toBase64(typed(type, seed))}`,
    verifierKey: encodeVerifierKey(type, name, publicKey),
  };
}

/**
 * Makes a signer of the text of a private key.
 * @throws {PersistenceError} `INVALID_ARGUMENT`; the message does not have the key
 */
export function signerOf(signerKey: string): Promise<NoteSigner> {
  return signerOfType(ED25519_TYPE, signerKey);
}

/** Makes a signer of the text of a private key, which is one for signatures of this type. @throws as {@link signerOf} */
export async function signerOfType(type: SignatureType, signerKey: string): Promise<NoteSigner> {
  const text = signerKey.trim();
  const key = text.startsWith(PRIVATE_PREFIX) ? parseKey(text.slice(PRIVATE_PREFIX.length)) : undefined;
  if (key === undefined) throw refused('This is not the text of a private key');
  const { name, keyId, bytes } = key;
  const publicKey = await ed25519.publicKeyOf(bytes);
  if (!isEqual(keyId, keyIdOf(key.type, name, publicKey)))
    throw refused('The private key has another key id than its key');
  if (key.type !== type) {
    throw refused(
      type === COSIGNATURE_TYPE
        ? 'This key signs checkpoints of its own, and cosigns none of others'
        : 'This key is that of a cosigner, and signs no notes of its own',
    );
  }
  return { name, publicKey, sign: (message) => ed25519.sign(bytes, message) };
}

/** Returns the text of a signer's public key, by which others verify its notes. */
export function verifierKeyOf({ name, publicKey }: NoteSigner): string {
  checkName(name);
  return encodeVerifierKey(ED25519_TYPE, name, publicKey);
}

/**
 * Signs a text.
 * @param text - ends with a newline
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export async function signNote(text: string, signer: NoteSigner): Promise<string> {
  checkName(signer.name);
  if (!text.endsWith('\n') || !isPlain(text)) throw refused('A note is lines of text, each with a newline');
  const signature = await signer.sign(new TextEncoder().encode(text));
  return `${text}\n${signatureLine(ED25519_TYPE, signer, signature)}`;
}

/** Makes the line of a signature. @param signature - what comes after the id of the key */
export function signatureLine(
  type: SignatureType,
  { name, publicKey }: NoteSigner,
  signature: Uint8Array,
): string {
  checkName(name);
  return `— ${name} ${toBase64(Uint8Array.from([...keyIdOf(type, name, publicKey), ...signature]))}\n`;
}

/** Makes what a cosigner signs: a time and a text (https://c2sp.org/tlog-cosignature). @param time - seconds since 1970 */
export function cosignedMessage(time: bigint, text: string): Uint8Array {
  return new TextEncoder().encode(`cosignature/v1\ntime ${time}\n${text}`);
}

/**
 * Verifies a note. Signatures of other keys are ignored.
 * @param verifierKey - the text of the public key that must have signed it
 * @returns the text of the note
 * @throws {PersistenceError} `INVALID_ARGUMENT` for what is no note or no key, `PROOF_INVALID` for a note that the key has
 * not signed
 */
export async function verifyNote(note: string, verifierKey: string): Promise<string> {
  const { text } = await openNote(note, verifierKey);
  return text;
}

/** Verifies a note, and tells the time of a cosignature; the latest of several. @throws as {@link verifyNote} */
export async function openNote(note: string, verifierKey: string): Promise<OpenedNote> {
  const key = parseVerifierKey(verifierKey);
  const { text, signatures } = splitNote(note);
  let isSigned = false;
  let latest = 0n;
  for (const { name, bytes } of signatures) {
    if (name !== key.name || !isEqual(bytes.subarray(0, KEY_ID_BYTES), key.keyId)) continue;
    const signed = bytes.subarray(KEY_ID_BYTES);
    const time = key.type === COSIGNATURE_TYPE ? timeOf(signed) : undefined;
    const isValid = await (time === undefined
      ? ed25519.verify(key.publicKey, new TextEncoder().encode(text), signed)
      : ed25519.verify(key.publicKey, cosignedMessage(time, text), signed.subarray(TIME_BYTES)));
    if (!isValid) throw invalidProof(`The signature of ${key.name} does not belong to this text`);
    isSigned = true;
    if (time !== undefined && time > latest) latest = time;
  }
  if (!isSigned) throw invalidProof(`The note is not signed by ${key.name} with this key`);
  return { text, cosignedAt: key.type === COSIGNATURE_TYPE ? new Date(Number(latest) * 1000) : undefined };
}

/** Reads the time of a cosignature, in seconds since 1970. @throws {PersistenceError} `INVALID_ARGUMENT` */
function timeOf(signature: Uint8Array): bigint {
  const time =
    signature.length === TIME_BYTES + SIGNATURE_BYTES
      ? new DataView(signature.buffer, signature.byteOffset).getBigUint64(0)
      : MAX_TIME_S + 1n;
  if (time <= MAX_TIME_S) return time;
  throw refused('The note has a cosignature without a time');
}

/** Separates the text of a note from its signatures. @throws {PersistenceError} `INVALID_ARGUMENT` */
export function splitNote(note: string): {
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Uint8Array }[];
} {
  const end = typeof note === 'string' && isPlain(note) ? note.lastIndexOf('\n\n') : -1;
  if (end === -1 || !note.endsWith('\n')) throw refused('This is no signed note', lineEndHint(note));
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw refused('The note has too many signatures');
  const signatures = lines.map((line) => {
    const [, name, encoded = ''] = /^— ([^\s+\p{Z}]+) (\S+)$/u.exec(line) ?? [];
    const bytes = fromBase64(encoded);
    if (name === undefined || bytes === undefined || bytes.length <= KEY_ID_BYTES) {
      throw refused('The note has a line that is no signature');
    }
    return { name, bytes };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** Returns the name and the id of a signer's key, which tell it from others. @throws {PersistenceError} `INVALID_ARGUMENT` */
export function keyNameOf({ name, publicKey }: NoteSigner): string {
  checkName(name);
  return `${name}+${toHex(keyIdOf(ED25519_TYPE, name, publicKey))}`;
}

/** Reads the text of a public key. @throws {PersistenceError} `INVALID_ARGUMENT` */
export function parseVerifierKey(text: string): VerifierKey {
  const key = typeof text === 'string' ? parseKey(text.trim()) : undefined;
  if (key === undefined || !isEqual(key.keyId, keyIdOf(key.type, key.name, key.bytes))) {
    const isPrivate = typeof text === 'string' && text.trim().startsWith(PRIVATE_PREFIX);
    throw isPrivate
      ? refused(
          'This is a private key, and a public one is needed',
          'It is in the file beside it, whose name ends with .pub.',
        )
      : refused('This is not the text of a public key');
  }
  const { name, type, keyId, bytes } = key;
  return { name, type, keyId, publicKey: bytes };
}

function parseKey(
  text: string,
): { name: string; type: SignatureType; keyId: Uint8Array; bytes: Uint8Array } | undefined {
  const [, name, id = '', encoded = ''] = /^([^\s+\p{Z}]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  const bytes = fromBase64(encoded);
  const type = bytes?.[0];
  if (name === undefined || bytes?.length !== 1 + KEY_BYTES) return undefined;
  if (type !== ED25519_TYPE && type !== COSIGNATURE_TYPE) return undefined;
  const keyId = Uint8Array.from(id.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  return { name, type, keyId, bytes: bytes.subarray(1) };
}

export function encodeVerifierKey(type: SignatureType, name: string, publicKey: Uint8Array): string {
  return `${name}+${toHex(keyIdOf(type, name, publicKey))}+${toBase64(typed(type, publicKey))}`;
}

function keyIdOf(type: SignatureType, name: string, publicKey: Uint8Array): Uint8Array {
  const bytes = [...new TextEncoder().encode(`${name}\n`), type, ...publicKey];
  return sha256Bytes(Uint8Array.from(bytes)).slice(0, KEY_ID_BYTES);
}

function typed(type: SignatureType, key: Uint8Array): Uint8Array {
  return Uint8Array.from([type, ...key]);
}

function checkName(name: string): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw refused('The name of a signer has no spaces and no plus, and is not empty');
  }
}

/** True for a text without control characters other than newline, and without halves of characters. */
export function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return !/[\u0000-\u0009\u000B-\u001F]/.test(text) && !/\p{Surrogate}/u.test(text);
}

export function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Returns the remedy for a text that an editor or a mail program has changed; undefined for another one. */
export function lineEndHint(text: unknown): string | undefined {
  return typeof text === 'string' && text.includes('\r')
    ? 'Its lines end with CR and LF; they have to end with LF alone, as they were written.'
    : undefined;
}

function refused(message: string, hint?: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', message, {
    operation: 'signedNote',
    ...(hint !== undefined && { hint }),
  });
}

/** The error of a proof or a signature that is wrong. */
export function invalidProof(message: string): PersistenceError {
  return new PersistenceError('PROOF_INVALID', message, { operation: 'verifyProof' });
}
