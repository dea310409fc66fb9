/**
 * One commit as bytes, in parts small enough that browsers keep each inline (values over 64 KB become blobs, which
 * cost several times as much). Little-endian:
 *
 * | offset | type    | what                                        |
 * |--------|---------|---------------------------------------------|
 * | 0      | float64 | size of the file after the commit, in bytes |
 * | 8      | uint32  | n, how many blocks this part holds          |
 * | 12     | uint32  | their indexes, n times                      |
 * | 12+4n  | bytes   | their content, n times a whole block        |
 */
import { BLOCK_SIZE_BYTES, type BlockChange, type MirrorChanges } from './page-mirror.ts';

const HEADER_SIZE_BYTES = 12;
const BLOCKS_PER_PART = 15;

/** Packs a transaction's changes; at least one part, since the size alone may have changed. */
export function encodeCommit({ sizeBytes, blocks }: MirrorChanges): ArrayBuffer[] {
  const parts: ArrayBuffer[] = [];
  for (let start = 0; start === 0 || start < blocks.length; start += BLOCKS_PER_PART) {
    parts.push(encodePart(sizeBytes, blocks.slice(start, start + BLOCKS_PER_PART)));
  }
  return parts;
}

function encodePart(sizeBytes: number, blocks: readonly BlockChange[]): ArrayBuffer {
  const contentStart = HEADER_SIZE_BYTES + 4 * blocks.length;
  const part = new ArrayBuffer(contentStart + BLOCK_SIZE_BYTES * blocks.length);
  const view = new DataView(part);
  const bytes = new Uint8Array(part);
  view.setFloat64(0, sizeBytes, true);
  view.setUint32(8, blocks.length, true);
  for (const [index, block] of blocks.entries()) {
    view.setUint32(HEADER_SIZE_BYTES + 4 * index, block.blockIndex, true);
    bytes.set(block.bytes, contentStart + BLOCK_SIZE_BYTES * index);
  }
  return part;
}

/** Unpacks one part. The blocks are copies: the part may be let go. */
export function decodeCommitPart(part: ArrayBuffer): MirrorChanges {
  const view = new DataView(part);
  const blockCount = view.getUint32(8, true);
  const contentStart = HEADER_SIZE_BYTES + 4 * blockCount;
  const blocks = Array.from({ length: blockCount }, (_, index) => ({
    blockIndex: view.getUint32(HEADER_SIZE_BYTES + 4 * index, true),
    bytes: new Uint8Array(
      part.slice(contentStart + BLOCK_SIZE_BYTES * index, contentStart + BLOCK_SIZE_BYTES * (index + 1)),
    ),
  }));
  return { sizeBytes: view.getFloat64(0, true), blocks };
}
