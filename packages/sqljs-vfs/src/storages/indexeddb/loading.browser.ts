/** How what is stored becomes the file in memory. */
import { promisifyRequest } from 'idb-keyval';
import { type CommitPart, decodeCommitPart } from './commit-record.ts';
import type { PageMirror } from './file-mirror.ts';
import {
  blocksOf,
  commitRange,
  type Extent,
  extentCount,
  extentRange,
  type StoreMeta,
} from './layout.browser.ts';

/** Extents asked for at once: the browser reads them side by side, and hands each lot over as it is ready. */
const EXTENTS_PER_REQUEST = 8;
/** Commits are asked for in lots of about this size, for the same reason: all at once would take nearly twice as long. */
const BYTES_PER_COMMITS_REQUEST: number = 64 * 1024;

/** Every extent there is. */
export async function readExtents(store: IDBObjectStore, meta: StoreMeta): Promise<Extent[]> {
  // Extents past the end may be left from a file that was larger; they are not read.
  const requests: Promise<Extent[]>[] = [];
  for (let first = 0; first < extentCount(meta.sizeBytes); first += EXTENTS_PER_REQUEST) {
    requests.push(promisifyRequest<Extent[]>(store.getAll(extentRange(first, EXTENTS_PER_REQUEST))));
  }
  return (await Promise.all(requests)).flat();
}

/** Every part of the commits after a version, in order. */
export async function readCommits(
  store: IDBObjectStore,
  version: number,
  meta: StoreMeta,
): Promise<CommitPart[]> {
  const bytesPerCommit = meta.unfoldedBytes / (meta.version - meta.foldedVersion);
  const commitsPerRequest = Math.max(1, Math.round(BYTES_PER_COMMITS_REQUEST / bytesPerCommit));
  const requests: Promise<ArrayBuffer[]>[] = [];
  for (let after = version; after < meta.version; after += commitsPerRequest) {
    requests.push(promisifyRequest<ArrayBuffer[]>(store.getAll(commitRange(after, commitsPerRequest))));
  }
  const parts = (await Promise.all(requests)).flat();
  return parts.map((part) => decodeCommitPart(part));
}

/** Fills an empty mirror: extents, and on them every commit after `foldedVersion`. */
export function assemble(
  mirror: PageMirror,
  extents: readonly Extent[],
  commits: readonly CommitPart[],
): void {
  for (const extent of extents) mirror.place(blocksOf(extent));
  for (const { sizeBytes, patches } of commits) {
    mirror.adopt(patches);
    // What a commit cut off must not come back as old bytes when the file grows over it again.
    mirror.adoptSize(sizeBytes);
  }
}
