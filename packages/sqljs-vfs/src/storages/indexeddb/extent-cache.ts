/**
 * The bytes of stored extents that were read, up to a limit; the least recently used go first. A miss reads a run of
 * chunks in one call. The run begins with what is worth reading at once, grows with the misses in one extent, and begins
 * at its largest next to an extent that was read whole. So a scan soon reads whole extents, whatever lies between its
 * pages, and a single row costs one small read. No browser API here.
 */
import { BLOCK_SIZE_BYTES } from './block.ts';
import { EXTENT_SIZE_BYTES, type Extent } from './extents.ts';

const CHUNK_SIZE_BYTES: number = 16 * 1024;
const EXTENT_SIZE_CHUNKS: number = EXTENT_SIZE_BYTES / CHUNK_SIZE_BYTES;
const RUN_GROWTH = 4;
/** A cache with room for fewer extents reads no longer runs: they would push each other out. */
const EXTENTS_FOR_LONG_RUNS = 4;

/** What the cache knows of an extent of which it has chunks. */
interface CachedExtent {
  /** The version of the content. */
  readonly version: number;
  /** Length of the latest run, in chunks; 0 once a chunk was dropped: the next miss is then a first one again. */
  runChunks: number;
}

/** A cache of one file's extents. */
export class ExtentCache {
  readonly #limitBytes: number;
  /** Chunks by their position in the file, the least recently used first. */
  readonly #chunks: Map<number, Uint8Array<ArrayBuffer>> = new Map();
  readonly #extents: Map<number, CachedExtent> = new Map();
  #sizeBytes = 0;
  #latestChunk = -1;

  /** @param limitBytes - at least one chunk is kept, whatever the limit */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Number of bytes that are kept. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Returns a block of an extent, as a view that the next call may drop from the cache.
   * @param start - offset in the extent
   * @throws the browser's error
   */
  block(extent: Extent, start: number): Uint8Array<ArrayBuffer> {
    if (this.#extents.get(extent.extentIndex)?.version !== extent.version) this.#forget(extent.extentIndex);
    const chunkIndex = extent.extentIndex * EXTENT_SIZE_CHUNKS + Math.floor(start / CHUNK_SIZE_BYTES);
    let chunk = this.#chunks.get(chunkIndex);
    if (!chunk) chunk = this.#fetch(extent, chunkIndex);
    else if (chunkIndex !== this.#latestChunk) {
      this.#chunks.delete(chunkIndex);
      this.#chunks.set(chunkIndex, chunk);
    }
    this.#latestChunk = chunkIndex;
    const within = start % CHUNK_SIZE_BYTES;
    return chunk.subarray(within, within + BLOCK_SIZE_BYTES);
  }

  /**
   * Keeps what it has of an extent that was stored again with changes in some blocks.
   * @param blocks - every block that differs, by its offset in the extent
   */
  replace(
    before: Extent,
    after: Extent,
    blocks: Iterable<readonly [start: number, bytes: Uint8Array]>,
  ): void {
    const cached = this.#extents.get(before.extentIndex);
    if (cached?.version !== before.version || before.content.sizeBytes !== after.content.sizeBytes) {
      this.#forget(before.extentIndex);
      return;
    }
    for (const [start, bytes] of blocks) {
      const chunkIndex = before.extentIndex * EXTENT_SIZE_CHUNKS + Math.floor(start / CHUNK_SIZE_BYTES);
      this.#chunks.get(chunkIndex)?.set(bytes, start % CHUNK_SIZE_BYTES);
    }
    this.#extents.set(before.extentIndex, { version: after.version, runChunks: cached.runChunks });
  }

  #fetch({ extentIndex, version, content }: Extent, chunkIndex: number): Uint8Array<ArrayBuffer> {
    const runChunks = this.#nextRunChunks(extentIndex, content.leastReadBytes / CHUNK_SIZE_BYTES);
    const firstOfExtent = extentIndex * EXTENT_SIZE_CHUNKS;
    const within = chunkIndex - firstOfExtent;
    const start = (within - (within % runChunks)) * CHUNK_SIZE_BYTES;
    const end = Math.min(start + runChunks * CHUNK_SIZE_BYTES, content.sizeBytes);
    const run = content.read(start, end);
    this.#extents.set(extentIndex, { version, runChunks });
    let found: Uint8Array<ArrayBuffer> | undefined;
    for (let at = start; at < end; at += CHUNK_SIZE_BYTES) {
      const index = firstOfExtent + at / CHUNK_SIZE_BYTES;
      if (this.#chunks.has(index)) continue;
      // A copy, because one chunk of a run would keep the memory of the others.
      const chunk = run.slice(at - start, at - start + CHUNK_SIZE_BYTES);
      if (index === chunkIndex) found = chunk;
      else this.#keep(index, chunk);
    }
    if (!found) throw new Error('a chunk lies past the end of its extent');
    this.#keep(chunkIndex, found);
    return found;
  }

  #nextRunChunks(extentIndex: number, leastChunks: number): number {
    if (this.#limitBytes < EXTENTS_FOR_LONG_RUNS * EXTENT_SIZE_BYTES) return leastChunks;
    if (this.#extents.get(extentIndex - 1)?.runChunks === EXTENT_SIZE_CHUNKS) return EXTENT_SIZE_CHUNKS;
    const latest = this.#extents.get(extentIndex)?.runChunks ?? 0;
    return latest === 0 ? leastChunks : Math.min(latest * RUN_GROWTH, EXTENT_SIZE_CHUNKS);
  }

  #keep(chunkIndex: number, chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.set(chunkIndex, chunk);
    this.#sizeBytes += chunk.length;
    for (const [oldest, { length }] of this.#chunks) {
      if (this.#sizeBytes <= this.#limitBytes || oldest === chunkIndex) break;
      this.#chunks.delete(oldest);
      this.#sizeBytes -= length;
      const extent = this.#extents.get(Math.floor(oldest / EXTENT_SIZE_CHUNKS));
      if (extent) extent.runChunks = 0;
    }
  }

  #forget(extentIndex: number): void {
    if (!this.#extents.delete(extentIndex)) return;
    const first = extentIndex * EXTENT_SIZE_CHUNKS;
    for (let index = first; index < first + EXTENT_SIZE_CHUNKS; index++) {
      this.#sizeBytes -= this.#chunks.get(index)?.length ?? 0;
      this.#chunks.delete(index);
    }
  }
}
