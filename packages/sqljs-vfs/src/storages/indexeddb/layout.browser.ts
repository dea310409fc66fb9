/**
 * What an IndexedDB database of ours holds, format 2. One object store, `pages`:
 *
 * | key                          | value          | what                                                 |
 * |------------------------------|----------------|------------------------------------------------------|
 * | `meta`                       | object         | {@link StoreMeta}                                    |
 * | `['extent', i]`              | {@link Extent} | the file's bytes from `i` MiB on                     |
 * | `['commit', version, part]`  | ArrayBuffer    | what that commit changed (`mirror/commit-record.ts`) |
 *
 * The file is its extents (one that is not there is zeros) and on them, in order, every commit after `foldedVersion`.
 * Now and then extents are written anew, some at a time, as they are in the latest version; when all that were changed
 * by the commits up to some version have been, those commits are removed, and `foldedVersion` says so. Commits that are
 * in an extent already do no harm: the last of them that touches a byte says what it is.
 *
 * Format 1 (`format-1.browser.ts`) is rewritten in this one when it is opened, in one transaction. What reads only
 * format 1 refuses this one by the number in `meta`, and the other way round.
 */
import { BLOCK_SIZE_BYTES, type Block, type PageMirror } from './file-mirror.ts';

export const FORMAT_VERSION = 2;
export const OBJECT_STORE = 'pages';
export const META_KEY = 'meta';

/**
 * Large values load fast, being files of their own: 120 MiB in 0.3 s, against 0.7 s with 64 KiB. A fold rewrites whole
 * extents, so not larger still. A multiple of the block size.
 */
export const EXTENT_SIZE_BYTES: number = 1024 * 1024;
export const EXTENT_SIZE_BLOCKS: number = EXTENT_SIZE_BYTES / BLOCK_SIZE_BYTES;

/** The one record that says what the others mean. Every commit reads it and writes it. */
export interface StoreMeta {
  readonly format: number;
  /** Made when the database was made: tells this database from another under the same name. */
  readonly epoch: string;
  /** Commits since then. */
  readonly version: number;
  /** Size of the file, in bytes. */
  readonly sizeBytes: number;
  /** Commits up to this version are in the extents and gone. */
  readonly foldedVersion: number;
  /** How many bytes of commits there are after it. */
  readonly unfoldedBytes: number;
}

/** A piece of the file. */
export interface Extent {
  readonly extentIndex: number;
  /** Whole blocks; at the end of the file fewer than an extent has. */
  readonly bytes: ArrayBuffer;
}

/** The key of an extent. */
export function extentKey(extentIndex: number): IDBValidKey {
  return ['extent', extentIndex];
}

/** The key of one part of a commit. */
export function commitKey(version: number, part: number): IDBValidKey {
  return ['commit', version, part];
}

/** All extents. An empty array sorts after every number. */
export function everyExtent(): IDBKeyRange {
  return IDBKeyRange.bound(['extent'], ['extent', []]);
}

/** So many extents from one on. */
export function extentRange(extentIndex: number, count: number): IDBKeyRange {
  return IDBKeyRange.bound(['extent', extentIndex], ['extent', extentIndex + count], false, true);
}

/** The extents from one on: those past the end of a file that has shrunk. */
export function extentsFrom(extentIndex: number): IDBKeyRange {
  return IDBKeyRange.bound(['extent', extentIndex], ['extent', []]);
}

/** Every part of the commits after a version, in order. */
export function commitsAfter(version: number): IDBKeyRange {
  return IDBKeyRange.bound(['commit', version + 1], ['commit', []]);
}

/** Every part of so many commits after a version, in order. */
export function commitRange(version: number, count: number): IDBKeyRange {
  return IDBKeyRange.bound(['commit', version + 1], ['commit', version + count, []]);
}

/** Every part of the commits up to a version. */
export function commitsUpTo(version: number): IDBKeyRange {
  return IDBKeyRange.bound(['commit'], ['commit', version, []]);
}

/** How many extents a file of so many bytes has. */
export function extentCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / EXTENT_SIZE_BYTES);
}

/** How many whole blocks of an extent lie within a file. */
export function blocksWithin(extentIndex: number, sizeBytes: number): number {
  const blocks = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES) - extentIndex * EXTENT_SIZE_BLOCKS;
  return Math.max(0, Math.min(blocks, EXTENT_SIZE_BLOCKS));
}

/** A copy of an extent, as it is now. */
export function extentOf(mirror: PageMirror, extentIndex: number): Extent {
  const sizeBytes = blocksWithin(extentIndex, mirror.sizeBytes) * BLOCK_SIZE_BYTES;
  return { extentIndex, bytes: mirror.copyOut(extentIndex * EXTENT_SIZE_BYTES, sizeBytes).buffer };
}

/** The blocks of an extent, without a copy. */
export function blocksOf({ extentIndex, bytes }: Extent): Block[] {
  const firstBlock = extentIndex * EXTENT_SIZE_BLOCKS;
  return Array.from({ length: bytes.byteLength / BLOCK_SIZE_BYTES }, (_, index) => ({
    blockIndex: firstBlock + index,
    bytes: new Uint8Array(bytes, index * BLOCK_SIZE_BYTES, BLOCK_SIZE_BYTES),
  }));
}

/** Whether a value is a meta record at all; its format is judged apart. */
export function isStoreMeta(value: unknown): value is StoreMeta {
  const meta = value as Partial<StoreMeta> | null | undefined;
  return (
    typeof meta?.format === 'number' &&
    typeof meta.epoch === 'string' &&
    typeof meta.version === 'number' &&
    typeof meta.sizeBytes === 'number' &&
    typeof meta.foldedVersion === 'number' &&
    typeof meta.unfoldedBytes === 'number'
  );
}
