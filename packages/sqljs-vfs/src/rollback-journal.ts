/** What a rollback journal tells before SQLite reads it (https://www.sqlite.org/fileformat.html#the_rollback_journal). */
import { LockLevel } from './contract/database-lock.ts';
import type { Storage, StorageFile } from './contract/storage.ts';
import { systemErrorCodeOf } from './contract/system-error.ts';
import { DATABASE_MAGIC } from './database-header.ts';
import { SqliteError } from './errors.ts';
import { ResultCode } from './result-codes.ts';

export const JOURNAL_MAGIC: readonly number[] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
/** Where a header has its fields. */
export const JournalOffset = {
  recordCount: 8,
  nonce: 12,
  pageCount: 16,
  sectorSize: 20,
  pageSize: 24,
} as const;
/** Size of the fields of a header. */
export const HEADER_FIELDS_BYTES = 28;
/** Size of a field, and in a record of the number before the page and of the checksum behind it. */
export const WORD_BYTES = 4;
/** One byte of this many is in the checksum. */
const CHECKSUM_STEP_BYTES = 200;

/**
 * Looks at the journal while nobody can commit. A journal that is deleted while it is open here may keep its name on Windows:
 * in Wine the next connection takes it for hot, and undoes what was committed.
 * @throws SqliteError SQLITE_BUSY (5) while another connection writes or owns the file
 */
export function asReader(storage: Storage, look: () => boolean): boolean {
  if (!storage.capabilities.multiProcess) return look();
  // SQLite removes a journal beside an empty file.
  if (!storage.exists('main')) return false;
  const file = openMain(storage);
  if (!file) return false;
  try {
    if (!file.lock(LockLevel.shared)) {
      throw new SqliteError(ResultCode.BUSY, `${storage.name} is in use by another connection`);
    }
    return look();
  } finally {
    file.close();
  }
}

/** @returns undefined for a folder, which whoever reads the header refuses */
function openMain(storage: Storage): StorageFile | undefined {
  try {
    return storage.open('main', { create: false, exclusive: false, readOnly: false });
  } catch (error) {
    if (systemErrorCodeOf(error) === 'EISDIR') return undefined;
    throw error;
  }
}

/** True for a journal, of whatever transaction, that has a header. */
export function hasJournal(storage: Storage): boolean {
  return startsWith(readJournalStart(storage, JOURNAL_MAGIC.length), JOURNAL_MAGIC);
}

/** True for a journal that SQLite takes for one in use. Any other one has no content, or begins with zeros. */
export function hasHotJournal(storage: Storage): boolean {
  const [first] = readJournalStart(storage, 1);
  return first !== undefined && first !== 0;
}

/**
 * True for a journal whose rollback makes a plain database of the file, whatever an interrupted write has left in its first
 * page: that page is in the journal as it was, or the file had no page. A transaction that writes changes it always.
 */
export function restoresPlainDatabase(storage: Storage): boolean {
  const file = openJournal(storage);
  if (!file) return false;
  try {
    return firstPageIsPlain(file);
  } finally {
    file.close();
  }
}

function firstPageIsPlain(journal: StorageFile): boolean {
  const header = new Uint8Array(HEADER_FIELDS_BYTES);
  const view = new DataView(header.buffer);
  const record = new Uint8Array(WORD_BYTES + DATABASE_MAGIC.length);
  const sizeBytes = journal.sizeBytes();
  let position = 0;
  while (journal.read(header, position) === header.length && startsWith(header, JOURNAL_MAGIC)) {
    const sectorSizeBytes = view.getUint32(JournalOffset.sectorSize);
    const recordBytes = WORD_BYTES + view.getUint32(JournalOffset.pageSize) + WORD_BYTES;
    if (position === 0 && view.getUint32(JournalOffset.pageCount) === 0) return true;
    if (sectorSizeBytes < HEADER_FIELDS_BYTES) return false;
    position += sectorSizeBytes;
    const recordsEnd = Math.min(
      sizeBytes,
      position + view.getUint32(JournalOffset.recordCount) * recordBytes,
    );
    for (; position + recordBytes <= recordsEnd; position += recordBytes) {
      journal.read(record, position);
      const isFirstPage = new DataView(record.buffer).getUint32(0) === 1;
      if (isFirstPage) return startsWith(record.subarray(WORD_BYTES), DATABASE_MAGIC);
    }
    position = Math.ceil(position / sectorSizeBytes) * sectorSizeBytes;
  }
  return false;
}

/** Computes the checksum of a page in a record. */
export function checksumOf(nonce: number, page: Uint8Array): number {
  let sum = nonce;
  for (let index = page.length - CHECKSUM_STEP_BYTES; index > 0; index -= CHECKSUM_STEP_BYTES) {
    sum += page[index] as number;
  }
  return sum >>> 0;
}

/** @returns the first bytes of the journal, as many as there are up to this size */
export function readJournalStart(storage: Storage, sizeBytes: number): Uint8Array {
  const file = openJournal(storage);
  if (!file) return new Uint8Array();
  try {
    const start = new Uint8Array(sizeBytes);
    return start.subarray(0, file.read(start, 0));
  } finally {
    file.close();
  }
}

function openJournal(storage: Storage): StorageFile | undefined {
  if (!storage.exists('journal')) return undefined;
  try {
    return storage.open('journal', { create: false, exclusive: false, readOnly: true });
  } catch (error) {
    // The connection that was writing has finished and closed meanwhile.
    if (systemErrorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export function startsWith(bytes: Uint8Array, start: ArrayLike<number>): boolean {
  return Array.from(start).every((byte, index) => bytes[index] === byte);
}
