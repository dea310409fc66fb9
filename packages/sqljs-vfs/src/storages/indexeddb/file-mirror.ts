/**
 * A database file held in memory, in extents of a fixed size, as the synchronous face of an asynchronous store.
 *
 * 1. Before an extent changes, its pre-image is kept; `revert` puts every pre-image back, so that memory never runs
 *    ahead of what is stored.
 * 2. `changes` names each changed block exactly once, with its content now.
 * 3. Blocks, extents and sizes are about bytes of the file; SQLite's page size plays no part, so a database may have
 *    any, and may change it.
 */
import { InProcessLock, InProcessLockTable } from '../../locks/in-process-lock.ts';
import type { LockLevel } from '../../contract/database-lock.ts';
import type { FileOpenMode, StorageFile } from '../../contract/storage.ts';

/** Bytes that are kept together: their pre-image is of the whole block. */
export const BLOCK_SIZE_BYTES = 4096;

/** A block of the file. */
export interface Block {
  /** Which block, counted from 0. */
  readonly blockIndex: number;
  /** Its bytes, always a whole block; past the end of the file they are zeros. */
  readonly bytes: Uint8Array;
}

/** A changed block. */
export interface BlockChange extends Block {
  /** Its bytes before; undefined where there were only zeros. */
  readonly before: Uint8Array | undefined;
}

/** New bytes within one block. */
export interface Patch {
  readonly blockIndex: number;
  /** Where in the block they begin. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** What a transaction changed. */
export interface MirrorChanges {
  readonly sizeBytes: number;
  readonly blocks: readonly BlockChange[];
}

/** The file in memory. */
export class PageMirror {
  #blocks: (Uint8Array | undefined)[] = [];
  #sizeBytes = 0;
  /** An empty file that somebody opened here exists here; in the store, empty and missing are the same. */
  #made = false;
  readonly #preImages: Map<number, Uint8Array | undefined> = new Map();
  #sizeBefore: number | undefined;
  readonly #locks: InProcessLockTable = new InProcessLockTable();

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether anything changed since the last `settle` or `revert`. */
  get dirty(): boolean {
    return this.#sizeBefore !== undefined;
  }

  /** Part of loading: takes over whole blocks, as they are and for good. */
  place(blocks: Iterable<Block>): void {
    for (const { blockIndex, bytes } of blocks) this.#blocks[blockIndex] = bytes;
  }

  /** Takes over what is stored already: part of loading, or somebody else's commit. */
  adopt(patches: Iterable<Patch>): void {
    if (this.dirty) throw new Error('a mirror with changes of its own cannot take over others');
    for (const { blockIndex, start, bytes } of patches) {
      (this.#blocks[blockIndex] ??= new Uint8Array(BLOCK_SIZE_BYTES)).set(bytes, start);
    }
  }

  /** The size of the file that was taken over. */
  adoptSize(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#dropBlocksPastTheEnd();
  }

  /** Forgets everything, to be loaded anew. */
  clear(): void {
    this.#blocks = [];
    this.#sizeBytes = 0;
  }

  read(target: Uint8Array, offset: number): number {
    const end = Math.min(offset + target.length, this.#sizeBytes);
    for (let at = offset; at < end;) {
      const within = at % BLOCK_SIZE_BYTES;
      const take = Math.min(BLOCK_SIZE_BYTES - within, end - at);
      const block = this.#blocks[Math.floor(at / BLOCK_SIZE_BYTES)];
      // A block never written (the one with the lock bytes at 1 GiB) is a hole and reads as zeros.
      if (block) target.set(block.subarray(within, within + take), at - offset);
      else target.fill(0, at - offset, at - offset + take);
      at += take;
    }
    return Math.max(0, end - offset);
  }

  write(source: Uint8Array, offset: number): void {
    this.#remember();
    for (let done = 0; done < source.length;) {
      const at = offset + done;
      const within = at % BLOCK_SIZE_BYTES;
      const take = Math.min(BLOCK_SIZE_BYTES - within, source.length - done);
      this.#changeable(Math.floor(at / BLOCK_SIZE_BYTES)).set(source.subarray(done, done + take), within);
      done += take;
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, offset + source.length);
    this.#blocks.length = Math.max(this.#blocks.length, Math.ceil(this.#sizeBytes / BLOCK_SIZE_BYTES));
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes === this.#sizeBytes) return;
    this.#remember();
    const shrinks = sizeBytes < this.#sizeBytes;
    this.#sizeBytes = sizeBytes;
    if (!shrinks) {
      this.#blocks.length = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES);
      return;
    }
    const within = sizeBytes % BLOCK_SIZE_BYTES;
    if (within !== 0) this.#changeable(Math.floor(sizeBytes / BLOCK_SIZE_BYTES)).fill(0, within);
    for (let index = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES); index < this.#blocks.length; index++) {
      this.#keepPreImage(index);
    }
    this.#dropBlocksPastTheEnd();
  }

  /** What changed since the last `settle` or `revert`. */
  changes(): MirrorChanges {
    const blocks = [...this.#preImages.keys()]
      .filter((blockIndex) => blockIndex < this.#blocks.length)
      // A block cut off and grown over again without a write is a hole, and has to be stored as zeros.
      .map((blockIndex) => ({
        blockIndex,
        bytes: this.#blocks[blockIndex] ?? new Uint8Array(BLOCK_SIZE_BYTES),
        before: this.#preImages.get(blockIndex),
      }));
    return { sizeBytes: this.#sizeBytes, blocks };
  }

  /** The changes are stored. */
  settle(): void {
    this.#preImages.clear();
    this.#sizeBefore = undefined;
  }

  /** The changes could not be stored: takes them back. */
  revert(): void {
    if (this.#sizeBefore === undefined) return;
    this.#sizeBytes = this.#sizeBefore;
    for (const [blockIndex, before] of this.#preImages) {
      this.#blocks[blockIndex] = before;
    }
    this.#dropBlocksPastTheEnd();
    this.settle();
  }

  /** Copies an extent of the file out: so many bytes from an offset on, zeros past the end. */
  copyOut(offset: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(lengthBytes);
    this.read(bytes, offset);
    return bytes;
  }

  /** A handle for SQLite. */
  open(mode: FileOpenMode): StorageFile {
    const present = this.#made || this.#sizeBytes > 0;
    if (!present && (!mode.create || mode.readOnly)) throw withCode('ENOENT', 'no main file');
    if (present && mode.exclusive) throw withCode('EEXIST', 'main file exists');
    this.#made = true;
    const lock = new InProcessLock(this.#locks);
    const changeable = (): this => {
      if (mode.readOnly) throw withCode('EBADF', 'opened for reading only');
      return this;
    };
    return {
      readOnly: mode.readOnly,
      read: (target, offset) => this.read(target, offset),
      write: (source, offset) => changeable().write(source, offset),
      truncate: (sizeBytes) => changeable().truncate(sizeBytes),
      sync: () => undefined,
      sizeBytes: () => this.#sizeBytes,
      lock: (level: LockLevel) => lock.acquire(level),
      unlock: (level: LockLevel) => lock.release(level),
      reserved: () => lock.reserved(),
      close: () => lock.release(0),
    };
  }

  #remember(): void {
    this.#sizeBefore ??= this.#sizeBytes;
  }

  #keepPreImage(blockIndex: number): void {
    if (!this.#preImages.has(blockIndex)) this.#preImages.set(blockIndex, this.#blocks[blockIndex]);
  }

  /** A block whose bytes may be changed: the stored ones stay as the pre-image. */
  #changeable(blockIndex: number): Uint8Array {
    const present = this.#blocks[blockIndex];
    if (this.#preImages.has(blockIndex) && present) return present;
    this.#keepPreImage(blockIndex);
    const copy = present ? present.slice() : new Uint8Array(BLOCK_SIZE_BYTES);
    this.#blocks[blockIndex] = copy;
    return copy;
  }

  #dropBlocksPastTheEnd(): void {
    this.#blocks.length = Math.ceil(this.#sizeBytes / BLOCK_SIZE_BYTES);
  }
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
