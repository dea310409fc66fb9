/** The pieces in which a mirrored file changes. No browser API here. */

/** The unit of change: before-images are of whole blocks. */
export const BLOCK_SIZE_BYTES = 4096;

/** A changed block. */
export interface BlockChange {
  /** Position in the file, counted in blocks from 0. */
  readonly blockIndex: number;
  /** Always a whole block; past the end of the file its bytes are zeros. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Returns the before-image; undefined where there were only zeros. It may have to be read from the store. */
  readonly before: () => Uint8Array<ArrayBuffer> | undefined;
}

/** New bytes within one block. */
export interface Patch {
  readonly blockIndex: number;
  /** Offset within the block. */
  readonly start: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}
