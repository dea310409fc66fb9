/**
 * The layout of a database in IndexedDB, format 2. One object store, `pages`:
 *
 * | key                          | value          | content                                       |
 * |------------------------------|----------------|-----------------------------------------------|
 * | `meta`                       | object         | `StoreMeta` (`commit-store.ts`)               |
 * | `['extent', i]`              | `ExtentRecord` | the file's bytes from `i` MiB on              |
 * | `['commit', version, part]`  | ArrayBuffer    | the bytes it changed (`commit-record.ts`)     |
 *
 * The file is its extents, a missing one being zeros, with every commit after `checkpointedVersion` applied to them in
 * order.
 *
 * An extent's content is a Blob, which is read in parts and only when needed. Where the browser stores no Blobs, which is
 * found out when the database is made (`extentFormat` in `meta`), it is an ArrayBuffer.
 *
 * A checkpoint rewrites changed extents in steps, each as it is in the latest version. When every extent that the
 * commits up to version v changed is written, these commits are deleted and `checkpointedVersion` becomes v. Applying a
 * commit that an extent already contains is harmless: the last commit that touches a byte decides its value.
 *
 * In an encrypted database, extents and commits hold ciphertext (`record-cipher.ts`), `meta` has the encrypted data key
 * (`data-key.ts`), and a tag that no changed meta record has.
 *
 * A program that knows another format refuses this one by the number in `meta`.
 */
export const OBJECT_STORE = 'pages';
export const META_KEY = 'meta';

/** The key of a Blob that is deleted by the transaction that stores it. */
export const PROBE_KEY = 'probe';

/** The stored value of an extent. */
export interface ExtentRecord {
  readonly extentIndex: number;
  /** The version of the file that it was written from. */
  readonly version: number;
  /** Size of the content, by which content that the browser has lost a part of is recognised. */
  readonly sizeBytes: number;
  /** Whole blocks, encrypted or not. The last extent of a file has fewer than the others. */
  readonly content: Blob | ArrayBuffer;
}

/** The key of an extent. */
export function extentKey(extentIndex: number): IDBValidKey {
  return ['extent', extentIndex];
}

/** The key of one part of a commit. */
export function commitKey(version: number, part: number): IDBValidKey {
  return ['commit', version, part];
}

/** The keys of the first `count` extents. */
export function firstExtents(count: number): IDBKeyRange {
  return IDBKeyRange.bound(['extent'], ['extent', count], false, true);
}

/** The keys of all extents from one on. An empty array sorts after every number. */
export function extentsFrom(extentIndex: number): IDBKeyRange {
  return IDBKeyRange.bound(['extent', extentIndex], ['extent', []]);
}

/** The keys of every part of `count` commits after a version, in order. */
export function commitRange(version: number, count: number): IDBKeyRange {
  return IDBKeyRange.bound(['commit', version + 1], ['commit', version + count, []]);
}

/** The keys of every part of the commits up to a version. */
export function commitsUpTo(version: number): IDBKeyRange {
  return IDBKeyRange.bound(['commit'], ['commit', version, []]);
}
