/** The file as its stored extents have it, read block by block when needed. No browser API here. */
import { BLOCK_SIZE_BYTES } from './block.ts';
import { ExtentCache } from './extent-cache.ts';
import {
  blocksWithin,
  BytesInMemory,
  EXTENT_SIZE_BLOCKS,
  EXTENT_SIZE_BYTES,
  type Extent,
  type ExtentSlice,
  extentCount,
} from './extents.ts';

/** An extent, and how much of it belongs to the file: what was cut off must not come back when the file grows again. */
interface Present {
  readonly extent: Extent;
  readonly sizeBytes: number;
}

/** The extents of one state of the file. Never changed: a state is kept for a rollback. */
export type StoredState = readonly (Present | undefined)[];

/** The stored part of a mirrored file. A block that no extent has is a hole, and reads as zeros. */
export class StoredFile {
  readonly #cache: ExtentCache;
  state: StoredState = [];
  /** The last failure to read; the handles of the extents may then be of no more use. */
  readFailure: unknown;

  constructor(cacheSizeBytes: number) {
    this.#cache = new ExtentCache(cacheSizeBytes);
  }

  /** Number of bytes of the cache. */
  get cachedBytes(): number {
    return this.#cache.sizeBytes;
  }

  /** Takes over the extents of another state. What is cached of unchanged ones stays. */
  load(extents: Iterable<Extent>): void {
    const state: (Present | undefined)[] = [];
    for (const extent of extents) {
      state[extent.extentIndex] = { extent, sizeBytes: extent.content.sizeBytes };
    }
    this.state = state;
    this.readFailure = undefined;
  }

  /** Cuts off everything past a size. */
  truncate(sizeBytes: number): void {
    const state = this.state.slice(0, extentCount(sizeBytes));
    const lastIndex = extentCount(sizeBytes) - 1;
    const last = state[lastIndex];
    const within = blocksWithin(lastIndex, sizeBytes) * BLOCK_SIZE_BYTES;
    if (last && within < last.sizeBytes) state[lastIndex] = { extent: last.extent, sizeBytes: within };
    this.state = state;
  }

  /** Notes that the handles of the extents may be of no more use, though no read has failed. */
  distrust(failure: unknown): void {
    this.readFailure ??= failure;
  }

  /**
   * Takes over the bytes of an extent in the place of what it is in memory.
   * @param version - of the file that has them
   */
  keep(extentIndex: number, version: number, bytes: Uint8Array<ArrayBuffer>): void {
    const state = [...this.state];
    const content = new BytesInMemory(bytes);
    state[extentIndex] = { extent: { extentIndex, version, content }, sizeBytes: bytes.length };
    this.state = state;
  }

  /**
   * Takes over an extent that was stored again.
   * @param blocks - every block that differs, by its offset in the extent
   */
  replace(extent: Extent, blocks: Iterable<readonly [start: number, bytes: Uint8Array]>): void {
    const before = this.state[extent.extentIndex];
    // What was cut off differs as well.
    const isWhole = before?.sizeBytes === before?.extent.content.sizeBytes;
    if (before && isWhole) this.#cache.replace(before.extent, extent, blocks);
    const state = [...this.state];
    state[extent.extentIndex] = { extent, sizeBytes: extent.content.sizeBytes };
    this.state = state;
  }

  /**
   * Reads a block, as a view that the next read may drop.
   * @returns undefined where no extent has it
   * @throws the browser's error; see {@link readFailure}
   */
  block(blockIndex: number, state: StoredState = this.state): Uint8Array<ArrayBuffer> | undefined {
    const present = state[Math.floor(blockIndex / EXTENT_SIZE_BLOCKS)];
    const start = (blockIndex % EXTENT_SIZE_BLOCKS) * BLOCK_SIZE_BYTES;
    if (!present || start >= present.sizeBytes) return undefined;
    const { extent } = present;
    try {
      return extent.content.inMemory
        ? extent.content.read(start, start + BLOCK_SIZE_BYTES)
        : this.#cache.block(extent, start);
    } catch (error) {
      this.readFailure = error;
      throw error;
    }
  }

  /** Returns the place of a block; undefined where no extent has it. */
  sliceOf(blockIndex: number): ExtentSlice | undefined {
    const present = this.state[Math.floor(blockIndex / EXTENT_SIZE_BLOCKS)];
    const start = (blockIndex * BLOCK_SIZE_BYTES) % EXTENT_SIZE_BYTES;
    if (!present || start >= present.sizeBytes) return undefined;
    return { content: present.extent.content, start, end: start + BLOCK_SIZE_BYTES };
  }
}
