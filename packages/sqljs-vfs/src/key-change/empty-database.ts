/**
 * An empty database that prescribes the format of its pages. SQLite keeps the page size and the reserved space that it finds
 * in the first page of a file, and stock sql.js has no other way to ask for reserved space.
 */
import { LockLevel } from '../contract/database-lock.ts';
import type { StorageFile } from '../contract/storage.ts';
import { wrapFile } from '../contract/wrap-storage.ts';

/** Size of a page of a copy, which is that of every encrypted database. */
export const PAGE_SIZE_BYTES = 4096;

const MAGIC: Uint8Array = new TextEncoder().encode('SQLite format 3\0');
/** Offsets in the first page (https://www.sqlite.org/fileformat.html#the_database_header). */
const Offset = {
  pageSize: 16,
  fixedFields: 18,
  reserved: 20,
  changeCounter: 24,
  pageCount: 28,
  autoVacuum: 52,
  incrementalVacuum: 64,
  pageCountValidFor: 92,
  tree: 100,
  cellArea: 105,
} as const;
/** Write and read version, reserved space, and the payload fractions. */
const FIXED_FIELDS: readonly number[] = [1, 1, 0, 64, 32, 32];
/** Type of a page of a table's tree that has no pages below it. */
const TABLE_LEAF = 0x0d;

/** The format of a copy. */
export interface CopyFormat {
  /** Bytes at the end of each page that SQLite leaves free. */
  readonly reservedBytes: number;
  /** As `PRAGMA auto_vacuum` numbers it: 0 none, 1 full, 2 incremental. */
  readonly autoVacuum: number;
  /**
   * The change counter of the database. The copy gets the next one, because SQLite believes its cache of a file as long as
   * it finds the same counter and size.
   */
  readonly changeCounter: number;
}

/** Makes the first page of a database without tables. */
function emptyPage({ reservedBytes, autoVacuum, changeCounter }: CopyFormat): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE_BYTES);
  const view = new DataView(page.buffer);
  page.set(MAGIC);
  view.setUint16(Offset.pageSize, PAGE_SIZE_BYTES);
  page.set(FIXED_FIELDS, Offset.fixedFields);
  page[Offset.reserved] = reservedBytes;
  view.setUint32(Offset.changeCounter, changeCounter);
  view.setUint32(Offset.pageCountValidFor, changeCounter);
  view.setUint32(Offset.pageCount, 1);
  view.setUint32(Offset.autoVacuum, autoVacuum > 0 ? 1 : 0);
  view.setUint32(Offset.incrementalVacuum, autoVacuum === 2 ? 1 : 0);
  page[Offset.tree] = TABLE_LEAF;
  view.setUint16(Offset.cellArea, PAGE_SIZE_BYTES - reservedBytes);
  return page;
}

/**
 * Shows an empty file to `VACUUM INTO`, which accepts no other, and the empty database from the second lock on. With the first
 * one SQLite attaches the file, and would refuse to go on with pages that have their format already.
 */
export function withFormat(file: StorageFile, format: CopyFormat): StorageFile {
  const first = emptyPage(format);
  let lockCount = 0;
  let isLocked = false;
  const isShown = (): boolean => isLocked && lockCount > 1 && file.sizeBytes() === 0;
  return wrapFile(file, {
    read(target, offset) {
      if (!isShown()) return file.sizeBytes() === 0 ? 0 : file.read(target, offset);
      const part = first.subarray(offset, offset + target.length);
      target.set(part);
      return part.length;
    },
    sizeBytes: () => (isShown() ? first.length : file.sizeBytes()),
    lock(level) {
      if (!isLocked) lockCount++;
      isLocked = true;
      return file.lock(level);
    },
    unlock(level) {
      isLocked = level !== LockLevel.none;
      file.unlock(level);
    },
  });
}
