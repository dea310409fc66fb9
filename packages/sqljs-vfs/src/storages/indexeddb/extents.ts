/** The file as extents: pieces of 1 MiB, each stored as one value. No browser API here. */
import { BLOCK_SIZE_BYTES } from './block.ts';

/**
 * A checkpoint writes whole extents, although it copies what has not changed without reading it. With larger ones it
 * would write more; with smaller ones opening would fetch more handles, and browsers keep each value as a file.
 */
export const EXTENT_SIZE_BYTES: number = 1024 * 1024;
export const EXTENT_SIZE_BLOCKS: number = EXTENT_SIZE_BYTES / BLOCK_SIZE_BYTES;

/** The form in which a database's extents are stored: Blobs, or ArrayBuffers where the browser stores no Blobs. */
export type ExtentFormat = 'Blob' | 'ArrayBuffer';

/** The content of a stored extent. It never changes: a checkpoint stores another one. */
export interface ExtentContent {
  /** Whole blocks. */
  readonly sizeBytes: number;
  /** True when reading is a view of memory, so that a cache would only copy it. */
  readonly inMemory: boolean;
  /** What reading costs: mostly the call, so that it is worth reading more at once, or the bytes, which are decrypted. */
  readonly readCost: 'call' | 'bytes';
  /**
   * Reads bytes.
   * @returns exactly the bytes from `start` to `end`, which the caller does not change
   * @throws the browser's error where they cannot be read any more
   */
  read(start: number, end: number): Uint8Array<ArrayBuffer>;
}

/** Content whose bytes a context has in memory. */
export class BytesInMemory implements ExtentContent {
  readonly inMemory = true;
  readonly readCost = 'bytes';
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  read(start: number, end: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(start, end);
  }
}

/** A stored extent. */
export interface Extent {
  /** Position in the file, counted in extents from 0. */
  readonly extentIndex: number;
  /** The version of the file that it was written from; with the index it names the content. */
  readonly version: number;
  readonly content: ExtentContent;
}

/** A part of a stored extent. */
export interface ExtentSlice {
  readonly content: ExtentContent;
  readonly start: number;
  readonly end: number;
}

/** An extent to store: one part after the other. */
export interface NewExtent {
  readonly extentIndex: number;
  readonly version: number;
  readonly parts: readonly (Uint8Array<ArrayBuffer> | ExtentSlice)[];
}

/** Returns the number of extents of a file of this size. */
export function extentCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / EXTENT_SIZE_BYTES);
}

/** Returns the number of blocks that a file of this size has in an extent. */
export function blocksWithin(extentIndex: number, sizeBytes: number): number {
  const blocks = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES) - extentIndex * EXTENT_SIZE_BLOCKS;
  return Math.max(0, Math.min(blocks, EXTENT_SIZE_BLOCKS));
}

/** Returns the size of an extent to store, in bytes. */
export function sizeOf({ parts }: NewExtent): number {
  return parts.reduce(
    (total, part) => total + (part instanceof Uint8Array ? part.length : part.end - part.start),
    0,
  );
}

/** Returns the bytes of an extent to store, for a store that copies no slices itself. */
export function joinParts(extent: NewExtent): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOf(extent));
  let at = 0;
  for (const part of extent.parts) {
    const piece = part instanceof Uint8Array ? part : part.content.read(part.start, part.end);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
