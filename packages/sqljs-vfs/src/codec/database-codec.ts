/**
 * The page codec of an encrypted database, between SQLite's file methods and the storage. SQLite sees plain files, the
 * storage encrypted ones, and neither knows.
 */
import { isWebCryptoKey, type EncryptionKey } from '../contract/encryption-key.ts';
import { LockLevel } from '../contract/database-lock.ts';
import type { FileRole, Storage, StorageFile } from '../contract/storage.ts';
import { type DatabaseHeader, parseHeader } from '../database-header.ts';
import { openingError, SqliteError, VfsError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import { asReader } from '../rollback-journal.ts';
import { DatabaseCipher } from './database-cipher.ts';
import { hasAuthenticRecord, JournalFile } from './journal-file.ts';
import { hasAuthenticFrame, LogFile } from './log-file.ts';
import { MainFile } from './main-file.ts';
import { MAGIC, PAGE_SIZE_BYTES } from './page-format.ts';

const READ_ONLY = { create: false, exclusive: false, readOnly: true } as const;

/** Encrypts and decrypts the files of one database. */
export class DatabaseCodec {
  readonly #cipher: DatabaseCipher;

  /** @throws TypeError for a `CryptoKey`, whose functions are asynchronous */
  constructor(key: EncryptionKey) {
    if (isWebCryptoKey(key)) {
      throw new TypeError(
        'key: a CryptoKey encrypts a database in IndexedDB only; pass 32 bytes or a passphrase',
      );
    }
    this.#cipher = new DatabaseCipher(key);
  }

  /**
   * Derives the key of a storage's file without blocking this thread.
   * @throws VfsError `CANNOT_OPEN`
   */
  async prepare(storage: Storage): Promise<void> {
    let start: Uint8Array;
    try {
      start = readStart(storage);
    } catch (error) {
      throw openingError(storage.name, error);
    }
    await this.#cipher.prepare(start);
  }

  /** Derives the key for a salt, as {@link prepare} does. @param start - the first bytes of a file; none for a new salt */
  async prepareFor(start: Uint8Array): Promise<void> {
    await this.#cipher.prepare(start);
    if (start.length > 0) this.#cipher.useSalt(start);
  }

  /** Shows a stored file as SQLite knows it. */
  over(role: FileRole, file: StorageFile, name: string): StorageFile {
    if (role === 'main') return new MainFile(file, this.#cipher, name).asFile();
    if (role === 'journal') return new JournalFile(file, this.#cipher, name).asFile();
    return new LogFile(file, this.#cipher, name).asFile();
  }

  /**
   * Reads the header of a file before SQLite opens it. While page 1 is half-written, a journal or a log of this key, which
   * will restore it, counts as the proof of the key.
   * @throws VfsError `WRONG_KEY`
   * @throws SqliteError SQLITE_BUSY (5) while another connection writes page 1
   */
  readHeader(storage: Storage): DatabaseHeader {
    const start = readStart(storage);
    if (start.length === 0) return { kind: 'empty' };
    if (isPlain(start)) throw notEncrypted(storage);
    const pages = this.#cipher.useSalt(start);
    const headerIn = (page: Uint8Array): DatabaseHeader | undefined => {
      if (page.length < PAGE_SIZE_BYTES || !pages.isAuthentic(1, page)) return undefined;
      const plain = new Uint8Array(PAGE_SIZE_BYTES);
      pages.open(1, page, plain);
      return parseHeader(plain);
    };
    const header = headerIn(start) ?? headerIn(readLocked(storage));
    if (header) return header;
    const isHot = (): boolean => holds(storage, 'journal', (file) => hasAuthenticRecord(file, this.#cipher));
    if (asReader(storage, isHot)) {
      return { kind: 'not-sqlite' };
    }
    if (holds(storage, 'wal', (file) => hasAuthenticFrame(file, this.#cipher))) {
      return { kind: 'sqlite', wal: true, pageSizeBytes: PAGE_SIZE_BYTES, changeCounter: 0 };
    }
    throw new VfsError('WRONG_KEY', `${storage.name} is encrypted with another key, or is not a database`, {
      hint: 'Open it with the key that it was created with. It is unchanged.',
    });
  }
}

function isPlain(start: Uint8Array): boolean {
  return MAGIC.every((byte, index) => start[index] === byte);
}

function notEncrypted(storage: Storage): VfsError {
  return new VfsError('WRONG_KEY', `${storage.name} is not encrypted`, {
    hint: 'Open it without a key. It is unchanged.',
  });
}

function readStart(storage: Storage): Uint8Array {
  if (!storage.exists('main')) return new Uint8Array(0);
  const file = storage.open('main', READ_ONLY);
  try {
    return readPage(file);
  } finally {
    file.close();
  }
}

/** Reads page 1 while no other connection writes. */
function readLocked(storage: Storage): Uint8Array {
  const file = storage.open('main', READ_ONLY);
  try {
    if (!file.lock(LockLevel.shared)) {
      throw new SqliteError(ResultCode.BUSY, `${storage.name} is being written by another connection`);
    }
    return readPage(file);
  } finally {
    file.close();
  }
}

function readPage(file: StorageFile): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE_BYTES);
  return page.subarray(0, file.read(page, 0));
}

function holds(storage: Storage, role: FileRole, isOfKey: (file: StorageFile) => boolean): boolean {
  if (!storage.exists(role)) return false;
  const file = storage.open(role, READ_ONLY);
  try {
    return isOfKey(file);
  } finally {
    file.close();
  }
}
