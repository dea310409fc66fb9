/**
 * The rollback journal of a change of keys (https://www.sqlite.org/fileformat.html#the_rollback_journal). It holds every page
 * of the old file as it is stored. So stock SQLite, SQLCipher and this package undo a change that was interrupted, without
 * any key: the file is written as it was. Its first sector has room for a mark, by which this package knows that the pages
 * are to be written back as they are.
 */
import type { Storage, StorageFile } from './contract/storage.ts';
import {
  checksumOf,
  HEADER_FIELDS_BYTES,
  JOURNAL_MAGIC,
  JournalOffset as Offset,
  readJournalStart,
  startsWith,
  WORD_BYTES,
} from './rollback-journal.ts';

const MARK: Uint8Array = new TextEncoder().encode('ggen-sim: change of the key');
const SECTOR_SIZE_BYTES = 512;
/** Where the mark stands. SQLite reads nothing of the header's sector behind its fields. */
const MARK_OFFSET = HEADER_FIELDS_BYTES;
/** Records are written in ranges of about this size. */
const RANGE_SIZE_BYTES = 1024 * 1024;

/** SQLite keeps its locks in the page with this byte, and neither writes nor rolls back that page. */
export const LOCK_BYTE_OFFSET = 0x40000000;

/**
 * Writes the journal. Until it is complete and synced, it has no header, and is no journal to anyone.
 * @param main - the old file, whose exclusive lock the caller holds
 * @param pageSizeBytes - that of the old file
 * @param onRange - called after each range, which may end the work by an error
 */
export async function writeChangeJournal(
  journal: StorageFile,
  main: StorageFile,
  pageSizeBytes: number,
  onRange: (doneBytes: number) => Promise<void>,
): Promise<void> {
  journal.truncate(0);
  const pageCount = Math.ceil(main.sizeBytes() / pageSizeBytes);
  const nonce = crypto.getRandomValues(new Uint32Array(1))[0] as number;
  const recordBytes = WORD_BYTES + pageSizeBytes + WORD_BYTES;
  const pagesInRange = Math.max(1, Math.floor(RANGE_SIZE_BYTES / recordBytes));
  const range = new Uint8Array(pagesInRange * recordBytes);
  const view = new DataView(range.buffer);
  let position = SECTOR_SIZE_BYTES;
  let recordCount = 0;
  for (let first = 1; first <= pageCount; first += pagesInRange) {
    let length = 0;
    for (let number = first; number < first + pagesInRange && number <= pageCount; number++) {
      if (number === lockPageOf(pageSizeBytes)) continue;
      const page = range.subarray(length + WORD_BYTES, length + WORD_BYTES + pageSizeBytes);
      page.fill(0, main.read(page, (number - 1) * pageSizeBytes));
      view.setUint32(length, number);
      view.setUint32(length + WORD_BYTES + pageSizeBytes, checksumOf(nonce, page));
      length += recordBytes;
      recordCount++;
    }
    journal.write(range.subarray(0, length), position);
    position += length;
    await onRange(Math.min(first + pagesInRange - 1, pageCount) * pageSizeBytes);
  }
  // A header that became durable before its records would be believed.
  journal.sync();
  journal.write(headerOf({ recordCount, nonce, pageCount, pageSizeBytes }), 0);
  journal.sync();
}

/** True for a journal of this kind that is complete. */
export function hasChangeJournal(storage: Storage): boolean {
  const header = readJournalStart(storage, SECTOR_SIZE_BYTES);
  const isWhole = header.length === SECTOR_SIZE_BYTES;
  return isWhole && startsWith(header, JOURNAL_MAGIC) && startsWith(header.subarray(MARK_OFFSET), MARK);
}

/** @returns the number of the page that SQLite keeps for its locks */
export function lockPageOf(pageSizeBytes: number): number {
  return LOCK_BYTE_OFFSET / pageSizeBytes + 1;
}

function headerOf(fields: {
  readonly recordCount: number;
  readonly nonce: number;
  readonly pageCount: number;
  readonly pageSizeBytes: number;
}): Uint8Array {
  const header = new Uint8Array(SECTOR_SIZE_BYTES);
  const view = new DataView(header.buffer);
  header.set(JOURNAL_MAGIC);
  view.setUint32(Offset.recordCount, fields.recordCount);
  view.setUint32(Offset.nonce, fields.nonce);
  view.setUint32(Offset.pageCount, fields.pageCount);
  view.setUint32(Offset.sectorSize, SECTOR_SIZE_BYTES);
  view.setUint32(Offset.pageSize, fields.pageSizeBytes);
  header.set(MARK, MARK_OFFSET);
  return header;
}
