/** Keys of encrypted databases. No message contains any part of one. */

/** A key of Web Crypto (`CryptoKey`), without the DOM's types, which a program for Node may lack. */
export interface WebCryptoKey {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/**
 * The key of an encrypted database: 32 random bytes, a passphrase, from which the key is derived, or, in IndexedDB only, a
 * `CryptoKey` for AES-GCM, which need not be extractable. SQLCipher's notation for 32 bytes, `x'64 hexadecimal digits'`,
 * means these bytes here too.
 */
export type EncryptionKey = Uint8Array | string | WebCryptoKey;

/** Size of a raw key. */
export const KEY_SIZE_BYTES = 32;

const RAW_KEY_NOTATION = /^x'(?<digits>(?:[0-9a-f]{2})+)'$/i;

/**
 * Checks a key, and reads SQLCipher's notation for raw keys.
 * @returns the key; bytes are copied, so that the caller may overwrite theirs
 * @throws TypeError for anything that is no key
 */
export function checkKey(key: unknown): EncryptionKey {
  if (typeof key === 'string') return parsePassphrase(key);
  if (key instanceof Uint8Array) {
    if (key.length !== KEY_SIZE_BYTES) {
      throw new TypeError(`key: ${key.length} bytes; a raw key has ${KEY_SIZE_BYTES}`);
    }
    return Uint8Array.from(key);
  }
  if (isWebCryptoKey(key)) {
    assertUsable(key);
    return key;
  }
  throw new TypeError(`key: expected ${KEY_SIZE_BYTES} bytes, a passphrase or a CryptoKey for AES-GCM`);
}

/** True for a key of Web Crypto. */
export function isWebCryptoKey(key: unknown): key is WebCryptoKey {
  return Object.prototype.toString.call(key) === '[object CryptoKey]';
}

/** @throws TypeError for a `CryptoKey` that cannot encrypt and decrypt with AES-256-GCM */
function assertUsable({ algorithm, usages }: WebCryptoKey): void {
  const { name, length } = algorithm as { readonly name: string; readonly length?: number };
  const isForAesGcm = name === 'AES-GCM' && length === 8 * KEY_SIZE_BYTES;
  if (isForAesGcm && usages.includes('encrypt') && usages.includes('decrypt')) return;
  throw new TypeError('key: the CryptoKey is not one for AES-GCM with 256 bits that encrypts and decrypts');
}

function parsePassphrase(text: string): EncryptionKey {
  if (text === '') throw new TypeError('key: the passphrase is empty');
  if (!text.isWellFormed()) throw new TypeError('key: the passphrase has a lone surrogate');
  const digits = RAW_KEY_NOTATION.exec(text)?.groups?.['digits'];
  if (digits === undefined) return text;
  if (digits.length !== 2 * KEY_SIZE_BYTES) {
    throw new TypeError(`key: a raw key has ${2 * KEY_SIZE_BYTES} hexadecimal digits, and no salt`);
  }
  return Uint8Array.from({ length: KEY_SIZE_BYTES }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}
