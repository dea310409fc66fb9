/**
 * Copies the file of an open database while other connections go on writing.
 *
 * 1. The file is read in slices, each under a SHARED lock of its own. Under that lock the file holds one committed state,
 *    which the change counter names. Between two slices every other connection may commit.
 * 2. The copy is complete when slices that cover the whole file have been read one after the other with the same change
 *    counter: then all of them are of one state. After a commit the reading goes on, round and round, and only bytes that
 *    differ are written to the copy.
 * 3. Where others commit so often that this does not happen in two rounds, the last round is read under one SHARED lock.
 *    It reads and compares, and seldom writes, so it does not depend on the speed of the disk with the copy.
 */
import { markRollbackMode } from '@ggen-sim/sqljs-vfs/internal';
import type { StorageFile } from '@ggen-sim/sqljs-vfs';
import { hasSameBytes } from '#backup/same-bytes';
import { yieldToEventLoop } from '#queue/yield';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Steps } from '../queue/operation-queue.ts';
import { throwIfAborted } from '../validation/abort.ts';
import type { LongOperationOptions } from '../api/persistence.ts';

/** Read under one lock in a few milliseconds. */
const SLICE_BYTES = 8 * 1024 * 1024;

/** Rounds before the lock is kept. */
const UNLOCKED_ROUNDS = 2;

/** The file that is being copied to failed. It is no failure of the database. */
export class CopyFailure extends Error {
  override readonly name = 'CopyFailure';

  constructor(cause: unknown) {
    super('The copy failed', { cause });
  }
}

/** True for a {@link CopyFailure}, also as the cause of a failed step. */
export function isCopyFailure(error: unknown): boolean {
  return (
    error instanceof CopyFailure || (error as { cause?: unknown } | undefined)?.cause instanceof CopyFailure
  );
}

/**
 * Copies the database of a connection.
 * @param target - an empty file
 * @throws {CopyFailure} when the target fails
 */
export async function copyOnline(
  connection: SqliteConnection,
  steps: Steps,
  target: StorageFile,
  { operation, signal, onProgress }: LongOperationOptions & { readonly operation: string },
): Promise<void> {
  const copy = new OnlineCopy(connection, target);
  const afterSlice = (): void => {
    throwIfAborted(operation, signal);
    onProgress?.({ stage: 'copy', done: copy.doneBytes, total: copy.totalBytes, unit: 'bytes' });
  };
  while (!copy.isComplete && copy.rounds < UNLOCKED_ROUNDS) {
    const slice = await steps.read(() => {
      connection.checkpoint();
      return connection.snapshot(() => {
        connection.touchSchema();
        return copy.readSlice();
      });
    });
    copy.storeSlice(slice);
    afterSlice();
  }
  if (!copy.isComplete) {
    await steps.readTransaction(async () => {
      while (!copy.isComplete) {
        copy.storeSlice(copy.readSlice());
        afterSlice();
        await yieldToEventLoop();
      }
    });
  }
  copy.finish();
}

/** A slice that was read, and what the file was then. */
interface Slice {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly totalBytes: number;
  readonly changeCounter: number;
}

class OnlineCopy {
  readonly #connection: SqliteConnection;
  readonly #target: StorageFile;
  readonly #slice = new Uint8Array(SLICE_BYTES);
  readonly #stored = new Uint8Array(SLICE_BYTES);
  #changeCounter: number | undefined;
  #nextOffset = 0;
  /** Bytes read one after the other, ending with the last slice, since the change counter last changed. */
  #unchangedBytes = 0;
  #readBytes = 0;
  totalBytes = 0;
  isComplete = false;

  constructor(connection: SqliteConnection, target: StorageFile) {
    this.#connection = connection;
    this.#target = target;
  }

  /** Number of times that the whole file has been read. */
  get rounds(): number {
    return this.totalBytes === 0 ? 0 : this.#readBytes / this.totalBytes;
  }

  get doneBytes(): number {
    return Math.min(this.#readBytes, this.totalBytes);
  }

  /** Reads the next slice, the same again until one is stored. The caller holds a SHARED lock. */
  readSlice(): Slice {
    const { durable } = this.#connection;
    const changeCounter = durable.changeCounter();
    const totalBytes = durable.sizeBytes();
    const offset = this.#nextOffset < totalBytes ? this.#nextOffset : 0;
    const bytes = this.#slice.subarray(0, Math.min(SLICE_BYTES, totalBytes - offset));
    this.#connection.readFile(bytes, offset);
    if (offset === 0 && bytes.length > 0) markRollbackMode(bytes);
    return { bytes, offset, totalBytes, changeCounter };
  }

  /** Writes to the copy what differs in a slice. Needs no lock. */
  storeSlice({ bytes, offset, totalBytes, changeCounter }: Slice): void {
    try {
      const stored = this.#stored.subarray(
        0,
        this.#target.read(this.#stored.subarray(0, bytes.length), offset),
      );
      const range = differingRange(bytes, stored);
      if (range) this.#target.write(bytes.subarray(range.start, range.end), offset + range.start);
    } catch (error) {
      throw new CopyFailure(error);
    }
    if (changeCounter !== this.#changeCounter) this.#unchangedBytes = 0;
    this.#changeCounter = changeCounter;
    this.#nextOffset = offset + bytes.length;
    this.totalBytes = totalBytes;
    this.#readBytes += bytes.length;
    this.#unchangedBytes += bytes.length;
    this.isComplete = this.#unchangedBytes >= totalBytes;
  }

  finish(): void {
    try {
      if (this.#target.sizeBytes() > this.totalBytes) this.#target.truncate(this.totalBytes);
    } catch (error) {
      throw new CopyFailure(error);
    }
  }
}

/** Finds the first and the last byte in which two arrays differ. The second array may be shorter. */
function differingRange(
  bytes: Uint8Array,
  stored: Uint8Array,
): { readonly start: number; readonly end: number } | undefined {
  if (stored.length < bytes.length) return { start: 0, end: bytes.length };
  if (hasSameBytes(bytes, stored)) return undefined;
  let start = 0;
  while (bytes[start] === stored[start]) start++;
  let end = bytes.length;
  while (bytes[end - 1] === stored[end - 1]) end--;
  return { start, end };
}
