/**
 * Pages in the format of SQLCipher 4 (https://www.zetetic.net/sqlcipher/design/): each is encrypted with AES-256-CBC under a
 * random initialization vector, which stands at its end with an HMAC-SHA512 of the ciphertext, the vector and the number of
 * the page. SQLite leaves that room free (https://www.sqlite.org/fileformat.html, "reserved space"). The first 16 bytes of
 * page 1, where SQLite has its magic text, hold the salt of the file.
 */
import { primitives } from '#codec/primitives';

export const PAGE_SIZE_BYTES = 4096;
export const SALT_SIZE_BYTES = 16;
/** Size of what stands at the end of each page: the vector and the HMAC. */
export const RESERVED_SIZE_BYTES = 80;

const IV_SIZE_BYTES = 16;
const IV_OFFSET = PAGE_SIZE_BYTES - RESERVED_SIZE_BYTES;
const MAC_OFFSET = IV_OFFSET + IV_SIZE_BYTES;
const PASSPHRASE_ITERATIONS = 256_000;
const MAC_KEY_ITERATIONS = 2;
const MAC_SALT_MASK = 0x3a;
/** Vectors are taken from a supply, because a call for random bytes costs as much as the encryption of a quarter of a page. */
const RANDOM_SUPPLY_BYTES = 64 * IV_SIZE_BYTES;

export const MAGIC: Uint8Array = new TextEncoder().encode('SQLite format 3\0');

/** Where the fields of the header that every encrypted database has alike are: page size, reserved space, payload fractions. */
const PAGE_SIZE_OFFSET = 16;
const FIXED_FIELDS: readonly (readonly [offset: number, value: number])[] = [
  [PAGE_SIZE_OFFSET, PAGE_SIZE_BYTES >> 8],
  [PAGE_SIZE_OFFSET + 1, 0],
  [20, RESERVED_SIZE_BYTES],
  [21, 64],
  [22, 32],
  [23, 32],
];

/** Writes the magic text and the fields of the header that never differ. */
export function fillFixedHeader(header: Uint8Array): void {
  header.set(MAGIC);
  for (const [offset, value] of FIXED_FIELDS) header[offset] = value;
}

/** True for the header of a database with pages of this size and this reserved space, as the format needs them. */
export function hasFixedHeader(header: Uint8Array): boolean {
  return FIXED_FIELDS.every(([offset, value]) => header[offset] === value);
}

/** True when a page was never written: SQLite leaves out free pages, and the file system reads the gap as zeros. */
export function isUnwritten(stored: Uint8Array): boolean {
  return stored.every((byte) => byte === 0);
}

/** The keys of one database file, and what they do with a page. */
export class PageCipher {
  readonly salt: Uint8Array;
  readonly #key: Uint8Array;
  readonly #mac: (message: Uint8Array, rest: Uint8Array) => Uint8Array;
  #random: Uint8Array = new Uint8Array(0);

  /** @param key - 32 bytes @param salt - the first 16 bytes of the file */
  constructor(key: Uint8Array, salt: Uint8Array) {
    this.salt = Uint8Array.from(salt);
    this.#key = key;
    const macSalt = salt.map((byte) => byte ^ MAC_SALT_MASK);
    this.#mac = primitives.hmacWith(primitives.deriveKey(key, macSalt, MAC_KEY_ITERATIONS));
  }

  /** Encrypts a page. @param stored - receives it */
  seal(pageNumber: number, plain: Uint8Array, stored: Uint8Array): void {
    const start = pageNumber === 1 ? SALT_SIZE_BYTES : 0;
    const iv = this.#nextVector();
    if (start > 0) stored.set(this.salt);
    stored.set(primitives.encrypt(this.#key, iv, plain.subarray(start, IV_OFFSET)), start);
    stored.set(iv, IV_OFFSET);
    stored.set(this.#tagOf(pageNumber, stored, start), MAC_OFFSET);
  }

  /** @returns false when the page was not encrypted with this key under this number, or was changed */
  isAuthentic(pageNumber: number, stored: Uint8Array): boolean {
    const tag = this.#tagOf(pageNumber, stored, pageNumber === 1 ? SALT_SIZE_BYTES : 0);
    let difference = 0;
    for (let index = 0; index < tag.length; index++) {
      difference |= (tag[index] as number) ^ (stored[MAC_OFFSET + index] as number);
    }
    return difference === 0;
  }

  /** Decrypts a page. @param plain - receives it; the reserved space is zeros */
  open(pageNumber: number, stored: Uint8Array, plain: Uint8Array): void {
    const start = pageNumber === 1 ? SALT_SIZE_BYTES : 0;
    const iv = stored.subarray(IV_OFFSET, MAC_OFFSET);
    if (start > 0) plain.set(MAGIC);
    plain.set(primitives.decrypt(this.#key, iv, stored.subarray(start, IV_OFFSET)), start);
    plain.fill(0, IV_OFFSET);
  }

  #tagOf(pageNumber: number, stored: Uint8Array, start: number): Uint8Array {
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, pageNumber, true);
    return this.#mac(stored.subarray(start, MAC_OFFSET), number);
  }

  #nextVector(): Uint8Array {
    if (this.#random.length === 0) this.#random = primitives.randomBytes(RANDOM_SUPPLY_BYTES);
    const iv = this.#random.subarray(0, IV_SIZE_BYTES);
    this.#random = this.#random.subarray(IV_SIZE_BYTES);
    return iv;
  }
}

/** @returns the vector and tag of a stored page, which no other content of it shares */
export function tailOf(stored: Uint8Array): Uint8Array {
  return stored.subarray(IV_OFFSET, PAGE_SIZE_BYTES);
}

/** Derives the key of a database from a passphrase. */
export function keyOfPassphrase(passphrase: string, salt: Uint8Array): Uint8Array {
  return primitives.deriveKey(new TextEncoder().encode(passphrase), salt, PASSPHRASE_ITERATIONS);
}

/** {@link keyOfPassphrase}, without blocking this thread. */
export function keyOfPassphraseInBackground(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  return primitives.deriveKeyInBackground(new TextEncoder().encode(passphrase), salt, PASSPHRASE_ITERATIONS);
}

export function newSalt(): Uint8Array {
  return Uint8Array.from(primitives.randomBytes(SALT_SIZE_BYTES));
}
