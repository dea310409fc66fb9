/**
 * What an IndexedDB database of ours holds, format 1. One object store, `pages`:
 *
 * | key                          | value       | what                                                          |
 * |------------------------------|-------------|---------------------------------------------------------------|
 * | `meta`                       | object      | {@link StoreMeta}                                             |
 * | `['extent', i]`              | ArrayBuffer | the file's bytes from `i * 64 KiB` on, as of `foldedVersion`   |
 * | `['commit', version, part]`  | ArrayBuffer | what that commit changed (`mirror/commit-record.ts`)          |
 *
 * The file is its extents, then every commit after `foldedVersion` in order. Now and then the commits are folded into
 * the extents and removed, in one transaction.
 */
export const FORMAT_VERSION = 1;
export const OBJECT_STORE = 'pages';
export const META_KEY = 'meta';

/** Large values load fast; a fold rewrites whole extents, so not too large. A multiple of the block size. */
export const EXTENT_SIZE_BYTES: number = 64 * 1024;

/** The one record that says what the others mean. Every commit reads it and writes it. */
export interface StoreMeta {
  readonly format: number;
  /** Made when the database was made: tells this database from another under the same name. */
  readonly epoch: string;
  /** Commits since then. */
  readonly version: number;
  /** Size of the file, in bytes. */
  readonly sizeBytes: number;
  /** The version the extents hold. */
  readonly foldedVersion: number;
  /** How many bytes of commits there are after it. */
  readonly unfoldedBytes: number;
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

/** The extents from one on: those past the end of a file that has shrunk. */
export function extentsFrom(extentIndex: number): IDBKeyRange {
  return IDBKeyRange.bound(['extent', extentIndex], ['extent', []]);
}

/** Every part of the commits after a version, in order. */
export function commitsAfter(version: number): IDBKeyRange {
  return IDBKeyRange.bound(['commit', version + 1], ['commit', []]);
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
