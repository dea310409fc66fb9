/**
 * The rollback journal of an encrypted database (https://www.sqlite.org/fileformat.html#the_rollback_journal). Pages in it are
 * encrypted as in the database, and, as in SQLCipher, each checksum is of the encrypted page: a checksum of the plain one
 * would tell something of it, and SQLCipher would take the journal for finished and leave a half-written database.
 *
 * SQLite computes and compares checksums of plain pages. So what it writes is replaced by the checksum of the encrypted
 * page, and what it reads by that of the plain page, if the stored one is right.
 */
import type { StorageFile } from '../contract/storage.ts';
import { wrapFile } from '../contract/wrap-storage.ts';
import {
  checksumOf,
  HEADER_FIELDS_BYTES,
  JOURNAL_MAGIC,
  JournalOffset,
  startsWith,
  WORD_BYTES,
} from '../rollback-journal.ts';
import type { DatabaseCipher } from './database-cipher.ts';
import { damagedPage } from './main-file.ts';
import { PAGE_SIZE_BYTES } from './page-format.ts';

/** A header begins a sector; each SQLite's sectors are at least this long. */
const SECTOR_ALIGNMENT_BYTES = 512;
/** A record: the number of the page, the page, and the checksum. */
const RECORD_BYTES = WORD_BYTES + PAGE_SIZE_BYTES + WORD_BYTES;

/** A word of the journal, and where it stands. */
interface PlacedWord {
  readonly offset: number;
  readonly value: number;
}

/** Shows the encrypted journal of a database as the plain one that SQLite knows. */
export class JournalFile {
  readonly #stored: StorageFile;
  readonly #cipher: DatabaseCipher;
  readonly #name: string;
  readonly #encrypted: Uint8Array = new Uint8Array(PAGE_SIZE_BYTES);
  /** The nonce of the header last written, and of the one last read. */
  #writtenNonce = 0;
  #readNonce = 0;
  /** The last word that SQLite wrote: before a page, its number. */
  #lastWord: PlacedWord | undefined;
  /** Where the last word that SQLite read stands; undefined after anything else. */
  #lastReadWord: number | undefined;
  /** The checksum that belongs behind the page last written, and the one to show behind the page last read. */
  #nextChecksum: PlacedWord | undefined;
  #shownChecksum: PlacedWord | undefined;

  constructor(stored: StorageFile, cipher: DatabaseCipher, name: string) {
    this.#stored = stored;
    this.#cipher = cipher;
    this.#name = name;
  }

  asFile(): StorageFile {
    return wrapFile(this.#stored, {
      read: (target, offset) => this.#read(target, offset),
      write: (source, offset) => this.#write(source, offset),
    });
  }

  #write(source: Uint8Array, offset: number): void {
    if (source.length === WORD_BYTES) {
      const checksum = this.#nextChecksum?.offset === offset ? this.#nextChecksum : undefined;
      this.#nextChecksum = undefined;
      this.#lastWord = { offset, value: wordAt(source, 0) };
      this.#stored.write(checksum ? bytesOf(checksum.value) : source, offset);
      return;
    }
    if (source.length === PAGE_SIZE_BYTES && isInRecord(offset)) return this.#writePage(source, offset);
    if (offset % SECTOR_ALIGNMENT_BYTES === 0 && source.length >= HEADER_FIELDS_BYTES) {
      this.#writtenNonce = wordAt(source, JournalOffset.nonce);
    }
    this.#stored.write(source, offset);
  }

  #writePage(source: Uint8Array, offset: number): void {
    const number = this.#lastWord;
    if (number?.offset !== offset - WORD_BYTES) throw new RangeError('a page in the journal has no number');
    this.#cipher.pages.seal(number.value, source, this.#encrypted);
    this.#nextChecksum = {
      offset: offset + PAGE_SIZE_BYTES,
      value: checksumOf(this.#writtenNonce, this.#encrypted),
    };
    this.#stored.write(this.#encrypted, offset);
  }

  #read(target: Uint8Array, offset: number): number {
    if (target.length === PAGE_SIZE_BYTES && isInRecord(offset)) return this.#readPage(target, offset);
    const sizeBytes = this.#stored.read(target, offset);
    if (target.length === WORD_BYTES && this.#shownChecksum?.offset === offset && sizeBytes === WORD_BYTES) {
      target.set(bytesOf(this.#shownChecksum.value));
    }
    // SQLite reads the words of a header in turn. Before it reads a checksum, it has read a page.
    const isNonce =
      offset % SECTOR_ALIGNMENT_BYTES === JournalOffset.nonce && this.#lastReadWord === offset - WORD_BYTES;
    if (isNonce) this.#readNonce = wordAt(target, 0);
    this.#lastReadWord = target.length === WORD_BYTES ? offset : undefined;
    return sizeBytes;
  }

  /**
   * Decrypts the page of a record.
   * @throws VfsError `CORRUPT` for a whole record that is not authentic. SQLite would take a wrong checksum for the end of
   * the journal, and leave a half-written database
   */
  #readPage(target: Uint8Array, offset: number): number {
    const record = new Uint8Array(RECORD_BYTES);
    const sizeBytes = this.#stored.read(record, offset - WORD_BYTES);
    const page = record.subarray(WORD_BYTES, WORD_BYTES + PAGE_SIZE_BYTES);
    this.#shownChecksum = undefined;
    this.#lastReadWord = undefined;
    if (sizeBytes < RECORD_BYTES) {
      target.set(page);
      return Math.max(0, Math.min(PAGE_SIZE_BYTES, sizeBytes - WORD_BYTES));
    }
    const pageNumber = wordAt(record, 0);
    const checksum = wordAt(record, WORD_BYTES + PAGE_SIZE_BYTES);
    const isEncryptedSum = checksum === checksumOf(this.#readNonce, page);
    const { pages } = this.#cipher;
    if (!pages.isAuthentic(pageNumber, page)) {
      if (isEncryptedSum) throw damagedPage(this.#name, pageNumber, ' in the journal');
      target.set(page);
      return PAGE_SIZE_BYTES;
    }
    pages.open(pageNumber, page, target);
    const plainSum = checksumOf(this.#readNonce, target);
    // SQLite3MultipleCiphers stores checksums of plain pages.
    const isRight = isEncryptedSum || checksum === plainSum;
    const shown = isRight ? plainSum : ~plainSum >>> 0;
    this.#shownChecksum = { offset: offset + PAGE_SIZE_BYTES, value: shown };
    return PAGE_SIZE_BYTES;
  }
}

/**
 * Looks for a page in a journal that this cipher has encrypted. While a transaction is interrupted, page 1 of the database
 * itself may be half-written.
 */
export function hasAuthenticRecord(journal: StorageFile, cipher: DatabaseCipher): boolean {
  const header = new Uint8Array(HEADER_FIELDS_BYTES);
  if (journal.read(header, 0) < header.length || !startsWith(header, JOURNAL_MAGIC)) return false;
  const sectorSizeBytes = wordAt(header, JournalOffset.sectorSize);
  const record = new Uint8Array(RECORD_BYTES);
  if (journal.read(record, sectorSizeBytes) < record.length) {
    // A database that was empty has no pages to roll back to.
    return wordAt(header, JournalOffset.pageCount) === 0;
  }
  return cipher.pages.isAuthentic(
    wordAt(record, 0),
    record.subarray(WORD_BYTES, WORD_BYTES + PAGE_SIZE_BYTES),
  );
}

/** True for the offset of a page in a record. Headers begin sectors, and a record has 8 bytes besides its page. */
function isInRecord(offset: number): boolean {
  return offset % 8 === WORD_BYTES;
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}

function bytesOf(word: number): Uint8Array {
  const bytes = new Uint8Array(WORD_BYTES);
  new DataView(bytes.buffer).setUint32(0, word);
  return bytes;
}
