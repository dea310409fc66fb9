/**
 * The record of one commit: the bytes that it changed. A save touches a few hundred bytes of each of its pages, so a
 * record is much smaller than the pages. It is split into parts small enough that browsers keep each inline: values over
 * 64 KB become blobs, which cost several times as much. Little-endian:
 *
 * | offset | type    | content                                                                       |
 * |--------|---------|-------------------------------------------------------------------------------|
 * | 0      | float64 | size of the file after the commit, in bytes                                   |
 * | 8      | uint64  | random id, which distinguishes the commit from every other                    |
 * | 16     | uint32  | n, number of runs of changed bytes in this part                               |
 * | 20     | 8 × n   | for each run: uint32 block index, uint16 offset in the block, uint16 length   |
 * | 20+8n  | bytes   | new content of the runs, one after the other                                  |
 *
 * A run lies within one block. Before the first commit, and past the end of the file, all bytes are zeros.
 */
import { BLOCK_SIZE_BYTES, type BlockChange, type Patch } from './block.ts';
import type { MirrorChanges } from './file-mirror.ts';

const HEADER_SIZE_BYTES = 20;
const RUN_HEADER_SIZE_BYTES = 8;
/** A part ends once it is this large. It exceeds this by one block at most, and so stays under 64 KB. */
const PART_SIZE_BYTES = 56_000;

const WORD_SIZE_BYTES = 4;
const BLOCK_SIZE_WORDS: number = BLOCK_SIZE_BYTES / WORD_SIZE_BYTES;
/** Two changes with fewer equal words than this between them are one run, which costs no more than two. */
const GAP_WORDS = 3;

const ZEROS: Uint32Array = new Uint32Array(BLOCK_SIZE_WORDS);

interface Run {
  readonly blockIndex: number;
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** One part of a record, decoded. */
export interface CommitPart {
  readonly sizeBytes: number;
  readonly commitId: bigint;
  readonly patches: readonly Patch[];
}

/** Returns a commit's id as the meta record has it. */
export function commitIdText(commitId: bigint): string {
  return commitId.toString(16).padStart(16, '0');
}

/** Encodes a transaction's changes. Returns at least one part, because the size alone may have changed. */
export function encodeCommit({ sizeBytes, blocks }: MirrorChanges, commitId: bigint): ArrayBuffer[] {
  const parts: ArrayBuffer[] = [];
  let runs: Run[] = [];
  let recordedBytes = 0;
  const end = (): void => {
    parts.push(encodePart(sizeBytes, commitId, runs, recordedBytes));
    runs = [];
    recordedBytes = 0;
  };
  for (const block of blocks) {
    for (const run of changedRuns(block)) {
      runs.push(run);
      recordedBytes += RUN_HEADER_SIZE_BYTES + run.bytes.length;
      if (recordedBytes > PART_SIZE_BYTES) end();
    }
  }
  if (parts.length === 0 || runs.length > 0) end();
  return parts;
}

function changedRuns({ blockIndex, bytes, before }: BlockChange): Run[] {
  const words = wordsOf(bytes);
  const bytesBefore = before();
  const wordsBefore = bytesBefore ? wordsOf(bytesBefore) : ZEROS;
  const runs: Run[] = [];
  let start = -1;
  let end = 0;
  for (let word = 0; word < BLOCK_SIZE_WORDS; word++) {
    if (words[word] === wordsBefore[word]) continue;
    if (start >= 0 && word - end >= GAP_WORDS) {
      runs.push(runOf(blockIndex, bytes, start, end));
      start = -1;
    }
    if (start < 0) start = word;
    end = word + 1;
  }
  if (start >= 0) runs.push(runOf(blockIndex, bytes, start, end));
  return runs;
}

function wordsOf(block: Uint8Array): Uint32Array {
  return new Uint32Array(block.buffer, block.byteOffset, BLOCK_SIZE_WORDS);
}

function runOf(blockIndex: number, bytes: Uint8Array, startWord: number, endWord: number): Run {
  const start = startWord * WORD_SIZE_BYTES;
  return { blockIndex, start, bytes: bytes.subarray(start, endWord * WORD_SIZE_BYTES) };
}

function encodePart(
  sizeBytes: number,
  commitId: bigint,
  runs: readonly Run[],
  recordedBytes: number,
): ArrayBuffer {
  const part = new ArrayBuffer(HEADER_SIZE_BYTES + recordedBytes);
  const view = new DataView(part);
  const target = new Uint8Array(part);
  view.setFloat64(0, sizeBytes, true);
  view.setBigUint64(8, commitId, true);
  view.setUint32(16, runs.length, true);
  let at = HEADER_SIZE_BYTES;
  let contentAt = HEADER_SIZE_BYTES + RUN_HEADER_SIZE_BYTES * runs.length;
  for (const { blockIndex, start, bytes } of runs) {
    view.setUint32(at, blockIndex, true);
    view.setUint16(at + 4, start, true);
    view.setUint16(at + 6, bytes.length, true);
    target.set(bytes, contentAt);
    at += RUN_HEADER_SIZE_BYTES;
    contentAt += bytes.length;
  }
  return part;
}

/** Decodes one part. The patches are views of it. */
export function decodeCommitPart(part: ArrayBuffer): CommitPart {
  const view = new DataView(part);
  const runCount = view.getUint32(16, true);
  const patches: Patch[] = [];
  let contentAt = HEADER_SIZE_BYTES + RUN_HEADER_SIZE_BYTES * runCount;
  for (let index = 0; index < runCount; index++) {
    const at = HEADER_SIZE_BYTES + RUN_HEADER_SIZE_BYTES * index;
    const sizeBytes = view.getUint16(at + 6, true);
    patches.push({
      blockIndex: view.getUint32(at, true),
      start: view.getUint16(at + 4, true),
      bytes: new Uint8Array(part, contentAt, sizeBytes),
    });
    contentAt += sizeBytes;
  }
  return { sizeBytes: view.getFloat64(0, true), commitId: view.getBigUint64(8, true), patches };
}
