import {
  keyOfPassphrase,
  keyOfPassphraseInBackground,
  newSalt,
  PageCipher,
  SALT_SIZE_BYTES,
} from './page-format.ts';

/** The cipher of a database, which follows the salt of its file. The files of one connection share it. */
export class DatabaseCipher {
  readonly #key: Uint8Array | string;
  #pages: PageCipher | undefined;

  /** @param key - 32 bytes, or a passphrase */
  constructor(key: Uint8Array | string) {
    this.#key = key;
  }

  /** The cipher of pages. A file without content gets a new salt. */
  get pages(): PageCipher {
    return (this.#pages ??= this.#cipherOf(newSalt()));
  }

  /**
   * Takes the salt of a file, so that pages are read and written with the key that belongs to it.
   * @param start - the first bytes of the file; fewer than 16 are ignored
   */
  useSalt(start: Uint8Array): PageCipher {
    if (start.length < SALT_SIZE_BYTES) return this.pages;
    const salt = start.subarray(0, SALT_SIZE_BYTES);
    if (!this.#pages || !salt.every((byte, index) => byte === this.#pages?.salt[index])) {
      this.#pages = this.#cipherOf(salt);
    }
    return this.#pages;
  }

  /** Derives the key that belongs to a salt without blocking this thread: 256,000 iterations for a passphrase. */
  async prepare(start: Uint8Array): Promise<void> {
    if (typeof this.#key !== 'string') return;
    const salt = start.length < SALT_SIZE_BYTES ? newSalt() : start.slice(0, SALT_SIZE_BYTES);
    if (this.#pages?.salt.every((byte, index) => byte === salt[index])) return;
    this.#pages = new PageCipher(await keyOfPassphraseInBackground(this.#key, salt), salt);
  }

  #cipherOf(salt: Uint8Array): PageCipher {
    const key = typeof this.#key === 'string' ? keyOfPassphrase(this.#key, salt) : this.#key;
    return new PageCipher(key, salt);
  }
}
