/**
 * Encryption of what a hub need not read: AES-256-GCM under a key that the databases of a group share. Each push has a key of
 * its own, derived with a random salt (HKDF, RFC 5869), so that random vectors never come twice under one key, however many rows
 * there are. What is authenticated with a row says which one it is, so that a hub cannot put one in the place of another.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { SealedText } from '../contract/sealed-text.ts';
import { SyncError } from '../errors.ts';

const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** The size that AES-GCM takes without hashing it (NIST SP 800-38D, section 8.2). */
const IV_BYTES = 12;
const KEY_ID_BITS = 64;

/** Keys of pushes that are remembered while rows are read: those of a batch come from few. */
const KEPT_KEYS = 100;

const encoder = new TextEncoder();

/** A `CryptoKey`, without the DOM's types. */
type WebCryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Encrypts the texts of one push. */
export type Seal = (text: string, about: readonly string[]) => Promise<SealedText>;

/** One key. */
export class RowCipher {
  readonly #base: WebCryptoKey;
  readonly #keys = new Map<string, Promise<WebCryptoKey>>();
  /** Names the key, and tells nothing of it. */
  readonly keyId: string;

  private constructor(base: WebCryptoKey, keyId: string) {
    this.#base = base;
    this.keyId = keyId;
  }

  /** @throws {SyncError} SYNC_WRONG_KEY for what is no key, or a page that cannot encrypt */
  static async of(key: Uint8Array): Promise<RowCipher> {
    if (!(key instanceof Uint8Array) || key.length !== KEY_BYTES)
      throw new SyncError('SYNC_WRONG_KEY', `The key of the synchronisation has ${KEY_BYTES} bytes`);
    // Pages that came over http: have no Web Crypto.
    if ((globalThis.crypto as Partial<typeof crypto> | undefined)?.subtle === undefined) {
      throw new SyncError('SYNC_WRONG_KEY', 'This page cannot encrypt', { hint: 'Open it over https:.' });
    }
    const base = await crypto.subtle.importKey('raw', Uint8Array.from(key), 'HKDF', false, [
      'deriveBits',
      'deriveKey',
    ]);
    const id = await crypto.subtle.deriveBits(derivation('id', new Uint8Array()), base, KEY_ID_BITS);
    return new RowCipher(base, bytesToHex(new Uint8Array(id)));
  }

  /** Begins to encrypt what is sent together. */
  forPush(): Seal {
    const salt = toBase64(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
    const key = this.#derived(salt);
    return async (text, about) => {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = await crypto.subtle.encrypt(parameters(iv, about), await key, encoder.encode(text));
      const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
      bytes.set(iv);
      bytes.set(new Uint8Array(sealed), IV_BYTES);
      return { key: this.keyId, salt, sealed: toBase64(bytes) };
    };
  }

  /**
   * Decrypts a text.
   * @param about - what it was encrypted with
   * @throws {SyncError} SYNC_WRONG_KEY; SYNC_INVALID for a text that was changed, or belongs to another row
   */
  async open({ key, salt, sealed }: SealedText, about: readonly string[]): Promise<string> {
    if (key !== this.keyId) throw wrongKey(key, this.keyId);
    try {
      const bytes = fromBase64(sealed);
      const iv = bytes.subarray(0, IV_BYTES);
      const derived = this.#keys.get(salt) ?? this.#remembered(salt);
      const text = await crypto.subtle.decrypt(
        parameters(iv, about),
        await derived,
        bytes.subarray(IV_BYTES),
      );
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
    } catch (error) {
      throw new SyncError('SYNC_INVALID', 'A row in the target was changed after it was encrypted', {
        hint: 'Whoever can write to the tables of the target did it. Nothing is stored here.',
        cause: error,
      });
    }
  }

  #remembered(salt: string): Promise<WebCryptoKey> {
    if (this.#keys.size >= KEPT_KEYS) this.#keys.clear();
    const key = this.#derived(salt);
    this.#keys.set(salt, key);
    key.catch(() => this.#keys.delete(salt));
    return key;
  }

  async #derived(salt: string): Promise<WebCryptoKey> {
    const algorithm = { name: 'AES-GCM', length: 8 * KEY_BYTES };
    return crypto.subtle.deriveKey(derivation('rows', fromBase64(salt)), this.#base, algorithm, false, [
      'encrypt',
      'decrypt',
    ]);
  }
}

/** Makes the error of a key that is another one than that of the target. */
function wrongKey(theirs: string, own: string): SyncError {
  return new SyncError(
    'SYNC_WRONG_KEY',
    `What the target has is encrypted with another key (${theirs}) than the one that was given (${own})`,
    { hint: 'Give the key that the other databases have. Nothing was sent or stored.' },
  );
}

/** Makes the error of a key that is another one than a database has had until now. */
export function otherKeyUsed(used: string, given: string): SyncError {
  return new SyncError(
    'SYNC_WRONG_KEY',
    `This database was set up with another key (${used}) than the one that was given (${given})`,
    { hint: 'Give the key of before, or set the target again with `setTarget`. Nothing was sent or stored.' },
  );
}

/** Parameters of HKDF. */
interface Hkdf {
  readonly name: 'HKDF';
  readonly hash: 'SHA-256';
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly info: Uint8Array<ArrayBuffer>;
}

/** Parameters of AES-GCM. */
interface AesGcm {
  readonly name: 'AES-GCM';
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly additionalData: Uint8Array<ArrayBuffer>;
}

function derivation(purpose: string, salt: Uint8Array<ArrayBuffer>): Hkdf {
  return { name: 'HKDF', hash: 'SHA-256', salt, info: encoder.encode(`ggen-sim sync ${purpose}`) };
}

function parameters(iv: Uint8Array<ArrayBuffer>, about: readonly string[]): AesGcm {
  return { name: 'AES-GCM', iv, additionalData: encoder.encode(JSON.stringify(about)) };
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
