import { LockLevel } from '../contract/database-lock.ts';
import type { StorageFile } from '../contract/storage.ts';
import { wrapFile } from '../contract/wrap-storage.ts';
import { VfsError } from '../errors.ts';
import type { DatabaseCipher } from './database-cipher.ts';
import {
  fillFixedHeader,
  hasFixedHeader,
  isUnwritten,
  PAGE_SIZE_BYTES,
  RESERVED_SIZE_BYTES,
  SALT_SIZE_BYTES,
  tailOf,
} from './page-format.ts';

/** The part of page 1 that SQLite and this package read on its own. */
const HEADER_SIZE_BYTES = 100;

/** Shows the encrypted pages of a database file as the plain ones that SQLite knows. */
export class MainFile {
  readonly #stored: StorageFile;
  readonly #cipher: DatabaseCipher;
  readonly #name: string;
  readonly #encrypted: Uint8Array = new Uint8Array(PAGE_SIZE_BYTES);
  readonly #plain: Uint8Array = new Uint8Array(PAGE_SIZE_BYTES);
  /**
   * Page 1 as it was last decrypted, and its vector and tag; while this connection has a lock, it is the page of the file.
   * SQLite reads 16 bytes of it in each transaction, to learn whether its cache is still good.
   */
  #firstPage: { readonly plain: Uint8Array; readonly tail: Uint8Array } | undefined;
  #lockLevel: LockLevel = LockLevel.none;

  constructor(stored: StorageFile, cipher: DatabaseCipher, name: string) {
    this.#stored = stored;
    this.#cipher = cipher;
    this.#name = name;
  }

  /** @returns the file with plain pages. Its size and its locks are those of the stored one */
  asFile(): StorageFile {
    return wrapFile(this.#stored, {
      read: (target, offset) => this.#read(target, offset),
      write: (source, offset) => this.#write(source, offset),
      truncate: (sizeBytes) => {
        assertWholePages(sizeBytes);
        if (sizeBytes === 0) this.#firstPage = undefined;
        this.#stored.truncate(sizeBytes);
      },
      lock: (level) => this.#lock(level),
      unlock: (level) => {
        this.#lockLevel = level;
        this.#stored.unlock(level);
      },
    });
  }

  #lock(level: LockLevel): boolean {
    const begins = this.#lockLevel === LockLevel.none;
    if (!this.#stored.lock(level)) return false;
    this.#lockLevel = level;
    if (begins) this.#checkFirstPage();
    return true;
  }

  /**
   * Forgets page 1 unless it is still the one that is known, and then takes the salt: another connection may have written
   * the page, or filled an empty file with a salt of its own.
   */
  #checkFirstPage(): void {
    const known = this.#firstPage;
    this.#firstPage = undefined;
    if (known) {
      const tail = this.#encrypted.subarray(0, RESERVED_SIZE_BYTES);
      const sizeBytes = this.#stored.read(tail, PAGE_SIZE_BYTES - RESERVED_SIZE_BYTES);
      if (equal(known.tail, tail.subarray(0, sizeBytes))) {
        this.#firstPage = known;
        return;
      }
    }
    const start = new Uint8Array(SALT_SIZE_BYTES);
    this.#cipher.useSalt(start.subarray(0, this.#stored.read(start, 0)));
  }

  #read(target: Uint8Array, offset: number): number {
    let doneBytes = 0;
    while (doneBytes < target.length) {
      const position = offset + doneBytes;
      const inPage = position % PAGE_SIZE_BYTES;
      const page = this.#readPage((position - inPage) / PAGE_SIZE_BYTES + 1, inPage, target.length);
      if (!page) break;
      const part = page.subarray(inPage, inPage + target.length - doneBytes);
      target.set(part, doneBytes);
      doneBytes += part.length;
    }
    return doneBytes;
  }

  /** @returns the plain page until the next call, or undefined behind the end of the file */
  #readPage(pageNumber: number, inPage: number, requestedBytes: number): Uint8Array | undefined {
    const isHeader = pageNumber === 1 && inPage + requestedBytes <= HEADER_SIZE_BYTES;
    if (isHeader && this.#firstPage && this.#lockLevel !== LockLevel.none) return this.#firstPage.plain;
    const stored = this.#encrypted;
    const sizeBytes = this.#stored.read(stored, (pageNumber - 1) * PAGE_SIZE_BYTES);
    if (sizeBytes === 0) return isHeader && inPage === 0 ? this.#headerOfEmptyFile() : undefined;
    const cipher = pageNumber === 1 ? this.#cipher.useSalt(stored) : this.#cipher.pages;
    if (sizeBytes === PAGE_SIZE_BYTES && cipher.isAuthentic(pageNumber, stored)) {
      cipher.open(pageNumber, stored, this.#plain);
      if (pageNumber === 1) this.#keepFirstPage(this.#plain, stored);
      return this.#plain;
    }
    if (pageNumber > 1 && sizeBytes === PAGE_SIZE_BYTES && isUnwritten(stored)) return stored;
    if (isHeader) return this.#unprovenHeader(stored.fill(0, sizeBytes));
    throw damagedPage(this.#name, pageNumber);
  }

  /**
   * Answers SQLite's first look at an empty file. The reserved space that SQLite finds here is what it leaves free in each
   * page that it then writes; stock sql.js has no other way to ask for it.
   */
  #headerOfEmptyFile(): Uint8Array {
    this.#plain.fill(0);
    fillFixedHeader(this.#plain);
    return this.#plain.subarray(0, HEADER_SIZE_BYTES);
  }

  /**
   * Answers a look at a half-written page 1: another connection is writing it, or a log will restore it. SQLite decides
   * nothing by this; it goes on to read the page, which then has to be authentic.
   */
  #unprovenHeader(stored: Uint8Array): Uint8Array {
    this.#cipher.pages.open(1, stored, this.#plain);
    fillFixedHeader(this.#plain);
    return this.#plain;
  }

  #keepFirstPage(plain: Uint8Array, stored: Uint8Array): void {
    this.#firstPage = { plain: plain.slice(), tail: tailOf(stored).slice() };
  }

  #write(source: Uint8Array, offset: number): void {
    assertWholePages(offset, source.length);
    const pageNumber = offset / PAGE_SIZE_BYTES + 1;
    // Another database's pages, copied whole, leave no room for the tag; neither does another page size.
    if (pageNumber === 1 && !hasFixedHeader(source)) throw otherFormat();
    this.#cipher.pages.seal(pageNumber, source, this.#encrypted);
    this.#stored.write(this.#encrypted, offset);
    if (pageNumber === 1) this.#keepFirstPage(source, this.#encrypted);
  }
}

/** Refuses another page size. */
function assertWholePages(offset: number, lengthBytes: number = PAGE_SIZE_BYTES): void {
  if (lengthBytes === PAGE_SIZE_BYTES && offset % PAGE_SIZE_BYTES === 0) return;
  throw otherFormat();
}

function otherFormat(): RangeError {
  return new RangeError(
    `an encrypted database has pages of ${PAGE_SIZE_BYTES} bytes, ${RESERVED_SIZE_BYTES} of them reserved`,
  );
}

/** Makes the error for a page that is not what was written there. */
export function damagedPage(name: string, pageNumber: number, place = ''): VfsError {
  return new VfsError('CORRUPT', `page ${pageNumber} of ${name}${place} is not what was written there`, {
    hint: 'Restore a backup. Nothing was changed.',
  });
}

function equal(some: Uint8Array, others: Uint8Array): boolean {
  return some.length === others.length && some.every((byte, index) => byte === others[index]);
}
