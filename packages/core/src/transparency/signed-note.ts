/**
 * Signed notes (https://c2sp.org/signed-note): a text, a blank line, and lines with signatures. Keys are written as the
 * programs of Go write them (https://pkg.go.dev/golang.org/x/mod/sumdb/note), so that those read ours and the other way.
 */
import { ed25519 } from '#transparency/ed25519';
import { sha256Bytes } from '#hashing/sha256';
import { PersistenceError } from '../api/errors.ts';
import type { NoteSigner } from '../api/proofs.ts';
import { fromBase64, toBase64 } from '../exports/base64.ts';

/** Signature type of an Ed25519 signature over the text of a note. */
const ED25519_TYPE = 1;

/** First characters of the text of a private key. */
const PRIVATE_PREFIX = 'PRIVATE+KEY+';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;

/** Most signatures that are read in a note; more are refused. */
const MAX_SIGNATURES = 100;

const NAME = /^[^\s+\p{Z}]+$/u;

/** A public key and its name. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly publicKey: Uint8Array;
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
export async function generateNoteKeys(name: string): Promise<NoteKeys> {
  checkName(name);
  const seed = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const publicKey = await ed25519.publicKeyOf(seed);
  const id = toHex(keyIdOf(name, publicKey));
  return {
    signerKey: `${PRIVATE_PREFIX}${name}+${id}+${toBase64(typed(seed))}`,
    verifierKey: encodeVerifierKey(name, publicKey),
  };
}

/**
 * Makes a signer of the text of a private key.
 * @throws {PersistenceError} `INVALID_ARGUMENT`; the message does not have the key
 */
export async function signerOf(signerKey: string): Promise<NoteSigner> {
  const text = signerKey.trim();
  const key = text.startsWith(PRIVATE_PREFIX) ? parseKey(text.slice(PRIVATE_PREFIX.length)) : undefined;
  if (key === undefined) throw refused('signerKey is not the text of a private key');
  const { name, keyId, bytes } = key;
  const publicKey = await ed25519.publicKeyOf(bytes);
  if (!isEqual(keyId, keyIdOf(name, publicKey))) throw refused('signerKey has another key id than its key');
  return { name, publicKey, sign: (message) => ed25519.sign(bytes, message) };
}

/** Returns the text of a signer's public key, by which others verify its notes. */
export function verifierKeyOf({ name, publicKey }: NoteSigner): string {
  checkName(name);
  return encodeVerifierKey(name, publicKey);
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
  const bytes = Uint8Array.from([...keyIdOf(signer.name, signer.publicKey), ...signature]);
  return `${text}\n— ${signer.name} ${toBase64(bytes)}\n`;
}

/**
 * Verifies a note. Signatures of other keys are ignored.
 * @param verifierKey - the text of the public key that must have signed it
 * @returns the text of the note
 * @throws {PersistenceError} `INVALID_ARGUMENT` for what is no note or no key, `PROOF_INVALID` for a note that the key has
 * not signed
 */
export async function verifyNote(note: string, verifierKey: string): Promise<string> {
  const key = parseVerifierKey(verifierKey);
  const { text, signatures } = splitNote(note);
  const message = new TextEncoder().encode(text);
  let isSigned = false;
  for (const { name, bytes } of signatures) {
    if (name !== key.name || !isEqual(bytes.subarray(0, KEY_ID_BYTES), key.keyId)) continue;
    const isValid = await ed25519.verify(key.publicKey, message, bytes.subarray(KEY_ID_BYTES));
    if (!isValid) throw invalidProof(`The signature of ${key.name} does not belong to this text`);
    isSigned = true;
  }
  if (!isSigned) throw invalidProof(`The note is not signed by ${key.name} with this key`);
  return text;
}

/** Separates the text of a note from its signatures. @throws {PersistenceError} `INVALID_ARGUMENT` */
export function splitNote(note: string): {
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Uint8Array }[];
} {
  const end = typeof note === 'string' && isPlain(note) ? note.lastIndexOf('\n\n') : -1;
  if (end === -1 || !note.endsWith('\n')) throw refused('This is no signed note');
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
  return `${name}+${toHex(keyIdOf(name, publicKey))}`;
}

/** Reads the text of a public key. @throws {PersistenceError} `INVALID_ARGUMENT` */
export function parseVerifierKey(text: string): VerifierKey {
  const key = typeof text === 'string' ? parseKey(text.trim()) : undefined;
  if (key === undefined || !isEqual(key.keyId, keyIdOf(key.name, key.bytes))) {
    throw refused('verifierKey is not the text of a public key');
  }
  return { name: key.name, keyId: key.keyId, publicKey: key.bytes };
}

function parseKey(text: string): { name: string; keyId: Uint8Array; bytes: Uint8Array } | undefined {
  const [, name, id = '', encoded = ''] = /^([^\s+\p{Z}]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  const bytes = fromBase64(encoded);
  if (name === undefined || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519_TYPE) return undefined;
  const keyId = Uint8Array.from(id.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  return { name, keyId, bytes: bytes.subarray(1) };
}

function encodeVerifierKey(name: string, publicKey: Uint8Array): string {
  return `${name}+${toHex(keyIdOf(name, publicKey))}+${toBase64(typed(publicKey))}`;
}

function keyIdOf(name: string, publicKey: Uint8Array): Uint8Array {
  const bytes = [...new TextEncoder().encode(`${name}\n`), ED25519_TYPE, ...publicKey];
  return sha256Bytes(Uint8Array.from(bytes)).slice(0, KEY_ID_BYTES);
}

function typed(key: Uint8Array): Uint8Array {
  return Uint8Array.from([ED25519_TYPE, ...key]);
}

function checkName(name: string): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw refused('The name of a signer has no spaces and no plus, and is not empty');
  }
}

/** True for a text without control characters other than newline, and without halves of characters. */
function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return !/[\u0000-\u0009\u000B-\u001F]/.test(text) && !/\p{Surrogate}/u.test(text);
}

export function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function refused(message: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', message, { operation: 'signedNote' });
}

/** The error of a proof or a signature that is wrong. */
export function invalidProof(message: string): PersistenceError {
  return new PersistenceError('PROOF_INVALID', message, { operation: 'verifyProof' });
}
