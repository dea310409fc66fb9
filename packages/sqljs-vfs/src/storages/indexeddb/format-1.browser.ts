/**
 * How format 1 is read. It held extents of 64 KiB, all as of `foldedVersion`, and in its commits whole blocks:
 *
 * | key                          | value       | what                                                        |
 * |------------------------------|-------------|-------------------------------------------------------------|
 * | `meta`                       | object      | as in format 2                                              |
 * | `['extent', i]`              | ArrayBuffer | the file's bytes from `i * 64 KiB` on                       |
 * | `['commit', version, part]`  | ArrayBuffer | float64 size of the file, uint32 n, n × uint32 index of the block, n × the block |
 */
import { promisifyRequest } from 'idb-keyval';
import { BLOCK_SIZE_BYTES, type Block, PageMirror } from './file-mirror.ts';
import { commitsAfter, everyExtent, type StoreMeta } from './layout.browser.ts';

export const FORMAT_1 = 1;

const EXTENT_SIZE_BLOCKS = 16;
const HEADER_SIZE_BYTES = 12;

/** Reads a whole database of format 1 into a mirror. */
export async function loadFormat1(store: IDBObjectStore, meta: StoreMeta): Promise<PageMirror> {
  const [keys, extents, commits] = await Promise.all([
    promisifyRequest(store.getAllKeys(everyExtent())),
    promisifyRequest<ArrayBuffer[]>(store.getAll(everyExtent())),
    promisifyRequest<ArrayBuffer[]>(store.getAll(commitsAfter(meta.foldedVersion))),
  ]);
  const mirror = new PageMirror();
  for (const [position, bytes] of extents.entries()) {
    const [, extentIndex] = keys[position] as [string, number];
    mirror.place(blocksFrom(bytes, (index) => extentIndex * EXTENT_SIZE_BLOCKS + index));
  }
  mirror.adoptSize(meta.sizeBytes);
  for (const part of commits) {
    const view = new DataView(part);
    const blockCount = view.getUint32(8, true);
    const contentStart = HEADER_SIZE_BYTES + 4 * blockCount;
    const blockIndex = (index: number): number => view.getUint32(HEADER_SIZE_BYTES + 4 * index, true);
    // Copied, because mirrors want blocks that begin at a multiple of four bytes.
    mirror.place(blocksFrom(part.slice(contentStart), blockIndex));
    mirror.adoptSize(view.getFloat64(0, true));
  }
  return mirror;
}

function blocksFrom(bytes: ArrayBuffer, blockIndexOf: (index: number) => number): Block[] {
  return Array.from({ length: bytes.byteLength / BLOCK_SIZE_BYTES }, (_, index) => ({
    blockIndex: blockIndexOf(index),
    bytes: new Uint8Array(bytes, index * BLOCK_SIZE_BYTES, BLOCK_SIZE_BYTES),
  }));
}
