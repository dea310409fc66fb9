/** The cache of extents: how much it keeps and how it reads. */
import { expect, it } from 'vitest';
import { BLOCK_SIZE_BYTES } from '../../src/storages/indexeddb/block.ts';
import { ExtentCache } from '../../src/storages/indexeddb/extent-cache.ts';
import { EXTENT_SIZE_BLOCKS, EXTENT_SIZE_BYTES, type Extent } from '../../src/storages/indexeddb/extents.ts';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';

const EXTENTS = 20;
const CHUNK_SIZE_BYTES = 16_384;
const LEAST_READ_BYTES = 65_536;
type ReadCost = Extent['content']['readCost'];

interface Reads {
  calls: number;
  bytes: number;
}

/** An extent whose blocks are filled with a number of their own. */
function extentOf(extentIndex: number, reads: Reads, version = 1, readCost: ReadCost = 'call'): Extent {
  const read = (start: number, end: number): Uint8Array<ArrayBuffer> => {
    reads.calls++;
    reads.bytes += end - start;
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end; at += BLOCK_SIZE_BYTES) {
      bytes.fill(contentOf(extentIndex, at, version), at - start, at - start + BLOCK_SIZE_BYTES);
    }
    return bytes;
  };
  const content = { sizeBytes: EXTENT_SIZE_BYTES, inMemory: false, readCost, read };
  return { extentIndex, version, content };
}

function contentOf(extentIndex: number, start: number, version: number): number {
  return (extentIndex * 31 + start / BLOCK_SIZE_BYTES + version * 101) % 251;
}

function makeCache(
  limitBytes: number,
  readCost: ReadCost = 'call',
): {
  reads: Reads;
  cache: ExtentCache;
  read: (blockIndex: number, version?: number) => void;
} {
  const reads = { calls: 0, bytes: 0 };
  const cache = new ExtentCache(limitBytes);
  const read = (blockIndex: number, version = 1): void => {
    const extentIndex = Math.floor(blockIndex / EXTENT_SIZE_BLOCKS);
    const start = (blockIndex % EXTENT_SIZE_BLOCKS) * BLOCK_SIZE_BYTES;
    const block = cache.block(extentOf(extentIndex, reads, version, readCost), start);
    expect(block).toHaveLength(BLOCK_SIZE_BYTES);
    expect([block[0], block.at(-1)]).toEqual(Array(2).fill(contentOf(extentIndex, start, version)));
  };
  return { reads, cache, read };
}

it.each([
  ['every block', 0],
  ['blocks with others between, anywhere in the file', 3],
])('a scan of %s reads each extent in one or two calls', (_name, others) => {
  const { reads, cache, read } = makeCache(8 * EXTENT_SIZE_BYTES);
  const random = new SeededRandom(7);
  let scattered = 0;
  for (let block = 0; block < EXTENTS * EXTENT_SIZE_BLOCKS; block++) {
    read(block);
    // The interior pages of a tree are few, and stay in the cache.
    for (let other = 0; other < others; other++) read(random.below(8) * 16);
    scattered += others;
  }
  expect(reads.calls).toBeLessThanOrEqual(2 * EXTENTS);
  expect(reads.bytes).toBeLessThanOrEqual(1.5 * EXTENTS * EXTENT_SIZE_BYTES);
  expect(cache.sizeBytes).toBeLessThanOrEqual(8 * EXTENT_SIZE_BYTES);
  expect(scattered).toBe(others * EXTENTS * EXTENT_SIZE_BLOCKS);
});

it.each([
  ['call', LEAST_READ_BYTES],
  ['bytes', CHUNK_SIZE_BYTES],
] as const)(
  'a row that is looked up costs one small read, where the %s costs most; the next one beside it none',
  (readCost, leastReadBytes) => {
    const { reads, read } = makeCache(64 * EXTENT_SIZE_BYTES, readCost);
    for (let extent = 0; extent < EXTENTS; extent += 2) {
      read(extent * EXTENT_SIZE_BLOCKS + 5);
      read(extent * EXTENT_SIZE_BLOCKS + 6);
    }
    expect(reads).toEqual({ calls: EXTENTS / 2, bytes: (EXTENTS / 2) * leastReadBytes });
  },
);

it('where bytes cost most, rows all over an extent cost a chunk each', () => {
  const { reads, read } = makeCache(8 * EXTENT_SIZE_BYTES, 'bytes');
  for (let block = 0; block < EXTENTS * EXTENT_SIZE_BLOCKS; block += 16) read(block);
  const lookUps = (EXTENTS * EXTENT_SIZE_BLOCKS) / 16;
  expect(reads).toEqual({ calls: lookUps, bytes: lookUps * CHUNK_SIZE_BYTES });
});

it.each(['forwards', 'backwards'])(
  'where bytes cost most, a scan %s reads each of them once, in short runs',
  (direction) => {
    const { reads, read } = makeCache(8 * EXTENT_SIZE_BYTES, 'bytes');
    const blocks = EXTENTS * EXTENT_SIZE_BLOCKS;
    for (let block = 0; block < blocks; block++) read(direction === 'forwards' ? block : blocks - 1 - block);
    expect(reads.bytes).toBe(EXTENTS * EXTENT_SIZE_BYTES);
    expect(reads.calls).toBeLessThanOrEqual((EXTENTS * EXTENT_SIZE_BYTES) / LEAST_READ_BYTES + EXTENTS);
  },
);

it('a small cache keeps at most its size, and reads no runs that would push each other out', () => {
  const { reads, cache, read } = makeCache(3 * LEAST_READ_BYTES);
  for (let block = 0; block < 4 * EXTENT_SIZE_BLOCKS; block++) read(block);
  expect(reads).toEqual({ calls: 64, bytes: 4 * EXTENT_SIZE_BYTES });
  expect(cache.sizeBytes).toBe(3 * LEAST_READ_BYTES);
});

it('a cache without room keeps the run that was read last', () => {
  const { reads, cache, read } = makeCache(1);
  for (let block = 0; block < EXTENT_SIZE_BLOCKS; block++) read(block);
  expect(reads).toEqual({ calls: EXTENT_SIZE_BYTES / LEAST_READ_BYTES, bytes: EXTENT_SIZE_BYTES });
  expect(cache.sizeBytes).toBe(LEAST_READ_BYTES);
});

it('what was used last stays', () => {
  const { reads, read } = makeCache(3 * LEAST_READ_BYTES);
  for (let chunk = 0; chunk < 60; chunk++) {
    read(0);
    read(chunk * 16);
  }
  expect(reads.calls).toBe(60);
});

it('another version of an extent is read again, unless its changes are known', () => {
  const { reads, cache, read } = makeCache(8 * EXTENT_SIZE_BYTES);
  read(0);
  read(0, 2);
  expect(reads.calls).toBe(2);
  const changed = new Uint8Array(BLOCK_SIZE_BYTES).fill(9);
  cache.replace(extentOf(0, reads, 2), extentOf(0, reads, 3), [[BLOCK_SIZE_BYTES, changed]]);
  expect(cache.block(extentOf(0, reads, 3), BLOCK_SIZE_BYTES)[0]).toBe(9);
  expect(cache.block(extentOf(0, reads, 3), 0)[0]).toBe(contentOf(0, 0, 2));
  expect(reads.calls).toBe(2);
});
