/**
 * The data key of an encrypted database. It is random, made with the database, and encrypts every record
 * (`record-cipher.ts`). The meta record has it encrypted by the user's key. So a database is opened at once by any kind of
 * key: SQLite reads synchronously and needs the bytes of a key, which a `CryptoKey` may refuse, and the data key has them.
 * Another user's key encrypts these 32 bytes again, and no record. No browser API here but WebCrypto, which Node has too.
 */
import { type EncryptionKey, KEY_SIZE_BYTES } from '../../contract/encryption-key.ts';
import { VfsError } from '../../errors.ts';

/** WebCrypto, under whatever name the platform's types have it. */
type WebCrypto = typeof crypto.subtle;
/** A `CryptoKey`, as the platform declares it. */
export type SubtleKey = Parameters<WebCrypto['decrypt']>[1];

/** The size that AES-GCM takes without hashing it (NIST SP 800-38D, section 8.2). */
export const NONCE_SIZE_BYTES = 12;
export const TAG_SIZE_BYTES = 16;
const SALT_SIZE_BYTES = 16;
/** The number that SQLCipher 4 has for the same function. */
const PBKDF2_ITERATIONS = 256_000;
/** A damaged number must not keep the browser busy for hours. */
const PBKDF2_ITERATIONS_AT_MOST = 10_000_000;

/** What the meta record says of a database's encryption. */
export interface StoredEncryption {
  readonly cipher: 'AES-256-GCM';
  /** How the user's key was derived; missing where it was no passphrase. */
  readonly passphrase?: PassphraseDerivation;
  /** The data key, encrypted by the user's key: nonce, ciphertext, tag. */
  readonly wrappedKey: Uint8Array<ArrayBuffer>;
}

/** Parameters of PBKDF2 (RFC 8018, section 5.2) with HMAC-SHA-512. */
export interface PassphraseDerivation {
  readonly derivation: 'PBKDF2-SHA512';
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly iterations: number;
}

/** Makes a data key. */
export function makeDataKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(KEY_SIZE_BYTES));
}

/**
 * Encrypts a data key for the meta record.
 * @throws {VfsError} `STORAGE_UNAVAILABLE` where the browser has no WebCrypto
 */
export async function wrapDataKey(
  dataKey: Uint8Array<ArrayBuffer>,
  key: EncryptionKey,
  databaseId: string,
): Promise<StoredEncryption> {
  const passphrase: PassphraseDerivation | undefined =
    typeof key === 'string'
      ? {
          derivation: 'PBKDF2-SHA512',
          salt: crypto.getRandomValues(new Uint8Array(SALT_SIZE_BYTES)),
          iterations: PBKDF2_ITERATIONS,
        }
      : undefined;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_SIZE_BYTES));
  const wrapped = await webCrypto().encrypt(
    wrapping(nonce, databaseId),
    await asCryptoKey(key, passphrase),
    dataKey,
  );
  const wrappedKey = new Uint8Array(NONCE_SIZE_BYTES + wrapped.byteLength);
  wrappedKey.set(nonce);
  wrappedKey.set(new Uint8Array(wrapped), NONCE_SIZE_BYTES);
  return { cipher: 'AES-256-GCM', ...(passphrase && { passphrase }), wrappedKey };
}

/**
 * Decrypts the data key of a database.
 * @throws {VfsError} `WRONG_KEY`; `UNREADABLE_STORAGE` for an encryption that this version does not know;
 * `STORAGE_UNAVAILABLE` where the browser has no WebCrypto
 */
export async function unwrapDataKey(
  name: string,
  { cipher, passphrase, wrappedKey }: StoredEncryption,
  key: EncryptionKey,
  databaseId: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (cipher !== 'AES-256-GCM' || !(wrappedKey instanceof Uint8Array) || !isKnown(passphrase)) {
    throw new VfsError(
      'UNREADABLE_STORAGE',
      `${name} is encrypted in a way that this version does not know`,
      {
        hint: 'Use the version of this program that wrote it. The stored data was left untouched.',
      },
    );
  }
  if (typeof key === 'string' && !passphrase) {
    throw wrongKey(`${name} was not encrypted with a passphrase`);
  }
  const userKey = await asCryptoKey(key, passphrase);
  const nonce = wrappedKey.slice(0, NONCE_SIZE_BYTES);
  try {
    return new Uint8Array(
      await webCrypto().decrypt(wrapping(nonce, databaseId), userKey, wrappedKey.slice(NONCE_SIZE_BYTES)),
    );
  } catch {
    throw wrongKey(`the key is not the one of ${name}`);
  }
}

/** Derives the key of a passphrase. It cannot be extracted, so a page may keep it where scripts cannot copy it from. */
export async function derivePassphraseKey(
  passphrase: string,
  { salt, iterations }: PassphraseDerivation,
): Promise<SubtleKey> {
  const material = await webCrypto().importKey('raw', new TextEncoder().encode(passphrase), 'PBKDF2', false, [
    'deriveKey',
  ]);
  return webCrypto().deriveKey(
    { name: 'PBKDF2', hash: 'SHA-512', salt, iterations },
    material,
    { name: 'AES-GCM', length: 8 * KEY_SIZE_BYTES },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** Makes the error for a key that does not open a database. */
export function wrongKey(message: string): VfsError {
  return new VfsError('WRONG_KEY', message, {
    hint: 'Open it with the key that it was encrypted with. The stored data was left untouched.',
  });
}

/** @throws {VfsError} `STORAGE_UNAVAILABLE` */
export function webCrypto(): WebCrypto {
  const { subtle } = crypto as { readonly subtle?: WebCrypto };
  if (subtle) return subtle;
  throw new VfsError('STORAGE_UNAVAILABLE', 'this page has no WebCrypto, which encryption needs', {
    hint: 'Serve the page over HTTPS, or from localhost.',
  });
}

function asCryptoKey(key: EncryptionKey, passphrase: PassphraseDerivation | undefined): Promise<SubtleKey> {
  if (key instanceof Uint8Array) {
    return webCrypto().importKey('raw', key.slice(), 'AES-GCM', false, ['encrypt', 'decrypt']);
  }
  if (typeof key !== 'string') return Promise.resolve(key as SubtleKey);
  if (!passphrase) throw new Error('a passphrase without parameters');
  return derivePassphraseKey(key, passphrase);
}

function isKnown(passphrase: PassphraseDerivation | undefined): boolean {
  if (passphrase === undefined) return true;
  const { derivation, salt, iterations } = passphrase;
  return (
    derivation === 'PBKDF2-SHA512' &&
    salt instanceof Uint8Array &&
    Number.isSafeInteger(iterations) &&
    iterations > 0 &&
    iterations <= PBKDF2_ITERATIONS_AT_MOST
  );
}

/** The database id keeps the key of one database from being put into the meta record of another. */
function wrapping(nonce: Uint8Array<ArrayBuffer>, databaseId: string): GcmParameters {
  return gcmParameters(nonce, new TextEncoder().encode(JSON.stringify([databaseId, 'data key'])));
}

/** Parameters of AES-GCM. */
export interface GcmParameters {
  readonly name: 'AES-GCM';
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly additionalData: Uint8Array<ArrayBuffer>;
}

/** Makes the parameters of AES-GCM, with its longest tag. */
export function gcmParameters(
  iv: Uint8Array<ArrayBuffer>,
  additionalData: Uint8Array<ArrayBuffer>,
): GcmParameters {
  return { name: 'AES-GCM', iv, additionalData };
}
