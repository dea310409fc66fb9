/** The first 100 bytes of an SQLite file (https://www.sqlite.org/fileformat.html#the_database_header). */
import type { Storage, StorageFile } from './contract/storage.ts';

/** The first bytes of every database that is not encrypted. */
export const DATABASE_MAGIC: Uint8Array = new TextEncoder().encode('SQLite format 3\0');
const HEADER_SIZE_BYTES = 100;
const Offset = { pageSize: 16, writeVersion: 18, readVersion: 19, changeCounter: 24 } as const;
const WAL_VERSION = 2;
const ROLLBACK_VERSION = 1;

/** The fields of the header that decide how to open the file. */
export type DatabaseHeader =
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-sqlite' }
  | {
      readonly kind: 'sqlite';
      readonly wal: boolean;
      readonly pageSizeBytes: number;
      readonly changeCounter: number;
    };

/** Parses the header from the first bytes of a file. */
export function parseHeader(bytes: Uint8Array): DatabaseHeader {
  if (bytes.length === 0) return { kind: 'empty' };
  if (bytes.length < HEADER_SIZE_BYTES || DATABASE_MAGIC.some((byte, index) => bytes[index] !== byte)) {
    return { kind: 'not-sqlite' };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pageSize = view.getUint16(Offset.pageSize);
  return {
    kind: 'sqlite',
    wal: bytes[Offset.readVersion] === WAL_VERSION,
    // 65536 does not fit in two bytes and is stored as 1.
    pageSizeBytes: pageSize === 1 ? 65_536 : pageSize,
    changeCounter: view.getUint32(Offset.changeCounter),
  };
}

/** Reads a storage's header without a lock: these fields change only when the whole file is replaced. */
export function readHeader(storage: Storage): DatabaseHeader {
  if (!storage.exists('main')) return { kind: 'empty' };
  const file = storage.open('main', { create: false, exclusive: false, readOnly: true });
  try {
    const bytes = new Uint8Array(HEADER_SIZE_BYTES);
    return parseHeader(bytes.subarray(0, file.read(bytes, 0)));
  } finally {
    file.close();
  }
}

/** Marks an image as being in rollback-journal mode, which every reader can open without a log. */
export function markRollbackMode(image: Uint8Array): void {
  image[Offset.writeVersion] = ROLLBACK_VERSION;
  image[Offset.readVersion] = ROLLBACK_VERSION;
}

/** Marks a file that was copied without its log as being in rollback-journal mode, if it was in WAL mode. */
export function leaveWalMode(file: StorageFile): void {
  const versions = new Uint8Array(2);
  const isWal = file.read(versions, Offset.writeVersion) === 2 && versions.every((v) => v === WAL_VERSION);
  if (isWal) file.write(Uint8Array.of(ROLLBACK_VERSION, ROLLBACK_VERSION), Offset.writeVersion);
}
