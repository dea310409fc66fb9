/**
 * The bytes of stored extents that were read, up to a limit; the least recently used go first. A miss reads a run of
 * chunks in one call.
 *
 * One call to read a Blob costs as much as reading a hundred KiB. So the run grows with the misses in one extent, and
 * begins at its largest next to an extent that was read whole: a scan soon reads whole extents, whatever lies between its
 * pages, and a single row costs one small read. Decryption costs what its bytes cost. So only a chunk beside one that is
 * there is taken for a part of a scan, and a run is short. No browser API here.
 */
import { BLOCK_SIZE_BYTES } from './block.ts';
import { EXTENT_SIZE_BYTES, type Extent } from './extents.ts';

const CHUNK_SIZE_BYTES: number = 16 * 1024;
const EXTENT_SIZE_CHUNKS: number = EXTENT_SIZE_BYTES / CHUNK_SIZE_BYTES;
/** The shortest run where the call costs most, and the longest where the bytes do. */
const SHORT_RUN_CHUNKS = 4;
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

/** Chunks that are read in one call. Those past an end of the extent are not. */
interface Run {
  /** Position in the file. */
  readonly first: number;
  readonly chunks: number;
}

/** A cache of one file's extents. */
export class ExtentCache {
  readonly #limitBytes: number;
  /** Chunks by their position in the file, the least recently used first. */
  readonly #chunks: Map<number, Uint8Array<ArrayBuffer>> = new Map();
  readonly #extents: Map<number, CachedExtent> = new Map();
  #sizeBytes = 0;
  #latestChunk = -1;

  /** @param limitBytes - a short run is kept, whatever the limit: its other chunks would be read again */
  constructor(limitBytes: number) {
    this.#limitBytes = Math.max(limitBytes, SHORT_RUN_CHUNKS * CHUNK_SIZE_BYTES);
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
    const firstOfExtent = extentIndex * EXTENT_SIZE_CHUNKS;
    const run =
      content.readCost === 'call' ? this.#growingRun(extentIndex, chunkIndex) : this.#shortRun(chunkIndex);
    const start = Math.max(run.first - firstOfExtent, 0) * CHUNK_SIZE_BYTES;
    const end = Math.min((run.first + run.chunks - firstOfExtent) * CHUNK_SIZE_BYTES, content.sizeBytes);
    const bytes = content.read(start, end);
    this.#extents.set(extentIndex, { version, runChunks: run.chunks });
    let found: Uint8Array<ArrayBuffer> | undefined;
    for (let at = start; at < end; at += CHUNK_SIZE_BYTES) {
      const index = firstOfExtent + at / CHUNK_SIZE_BYTES;
      if (this.#chunks.has(index)) continue;
      // A copy, because one chunk of a run would keep the memory of the others.
      const chunk = bytes.slice(at - start, at - start + CHUNK_SIZE_BYTES);
      if (index === chunkIndex) found = chunk;
      else this.#keep(index, chunk);
    }
    if (!found) throw new Error('a chunk lies past the end of its extent');
    this.#keep(chunkIndex, found);
    return found;
  }

  /** An aligned run of the extent, longer than the one before. */
  #growingRun(extentIndex: number, chunkIndex: number): Run {
    const chunks = this.#growingRunChunks(extentIndex);
    return { first: chunkIndex - (chunkIndex % chunks), chunks };
  }

  #growingRunChunks(extentIndex: number): number {
    if (!this.#hasRoomForRuns) return SHORT_RUN_CHUNKS;
    if (this.#extents.get(extentIndex - 1)?.runChunks === EXTENT_SIZE_CHUNKS) return EXTENT_SIZE_CHUNKS;
    const latest = this.#extents.get(extentIndex)?.runChunks ?? 0;
    return latest === 0 ? SHORT_RUN_CHUNKS : Math.min(latest * RUN_GROWTH, EXTENT_SIZE_CHUNKS);
  }

  /** The chunk alone, or a run away from the neighbour that is there. */
  #shortRun(chunkIndex: number): Run {
    const [isBefore, isBehind] = [this.#chunks.has(chunkIndex - 1), this.#chunks.has(chunkIndex + 1)];
    if (!this.#hasRoomForRuns || isBefore === isBehind) return { first: chunkIndex, chunks: 1 };
    return { first: isBefore ? chunkIndex : chunkIndex - SHORT_RUN_CHUNKS + 1, chunks: SHORT_RUN_CHUNKS };
  }

  get #hasRoomForRuns(): boolean {
    return this.#limitBytes >= EXTENTS_FOR_LONG_RUNS * EXTENT_SIZE_BYTES;
  }

  #keep(chunkIndex: number, chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.set(chunkIndex, chunk);
    this.#sizeBytes += chunk.length;
    for (const [oldest, { length }] of this.#chunks) {
      if (this.#sizeBytes <= this.#limitBytes) break;
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
