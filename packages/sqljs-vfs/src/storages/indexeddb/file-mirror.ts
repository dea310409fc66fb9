/**
 * A database file in memory, as the synchronous side of an asynchronous store.
 *
 *  1. Before a block changes, its before-image is kept. `rollback` restores every before-image, so that memory never
 *     runs ahead of the store.
 *  2. `changes` names each changed block exactly once, with its present content.
 *  3. Blocks and sizes are about bytes of the file. SQLite's page size plays no part: a database may have any, and may
 *     change it.
 */
import type { LockLevel } from '../../contract/database-lock.ts';
import type { FileOpenMode, StorageFile } from '../../contract/storage.ts';
import { systemError } from '../../contract/system-error.ts';
import { InProcessLock, InProcessLockTable } from '../../locks/in-process-lock.ts';

/** The unit of change: before-images are of whole blocks. */
export const BLOCK_SIZE_BYTES = 4096;

/** A block of the file. */
export interface Block {
  /** Position in the file, counted in blocks from 0. */
  readonly blockIndex: number;
  /** Always a whole block; past the end of the file its bytes are zeros. */
  readonly bytes: Uint8Array;
}

/** A changed block. */
export interface BlockChange extends Block {
  /** The before-image; undefined where there were only zeros. */
  readonly before: Uint8Array | undefined;
}

/** New bytes within one block. */
export interface Patch {
  readonly blockIndex: number;
  /** Offset within the block. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Changes of one transaction. */
export interface MirrorChanges {
  readonly sizeBytes: number;
  readonly blocks: readonly BlockChange[];
}

/** The file in memory. */
export class FileMirror {
  #blocks: (Uint8Array | undefined)[] = [];
  #sizeBytes = 0;
  /** True once a connection has created the file: an empty file then exists here. In a store, empty and missing files are the same. */
  #created = false;
  readonly #beforeImages: Map<number, Uint8Array | undefined> = new Map();
  #sizeBeforeBytes: number | undefined;
  readonly #locks: InProcessLockTable = new InProcessLockTable();

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** True when there are changes that are neither marked as committed nor rolled back. */
  get dirty(): boolean {
    return this.#sizeBeforeBytes !== undefined;
  }

  /** True while a connection holds one of SQLite's locks. */
  get locked(): boolean {
    return this.#locks.shared.size > 0 || this.#locks.writer !== undefined;
  }

  /** Replaces the whole file by stored blocks. The mirror takes over their memory. */
  load(blocks: Iterable<Block>, sizeBytes: number): void {
    this.#assertClean();
    this.#blocks = [];
    for (const { blockIndex, bytes } of blocks) this.#blocks[blockIndex] = bytes;
    this.#resize(sizeBytes);
  }

  /** Applies a stored commit of another context. */
  apply({ patches, sizeBytes }: { readonly patches: Iterable<Patch>; readonly sizeBytes: number }): void {
    this.#assertClean();
    for (const { blockIndex, start, bytes } of patches) {
      (this.#blocks[blockIndex] ??= new Uint8Array(BLOCK_SIZE_BYTES)).set(bytes, start);
    }
    // Bytes that a commit cut off must not come back when a later one extends the file over them.
    this.#resize(sizeBytes);
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
    this.#beginChanges();
    for (let done = 0; done < source.length;) {
      const at = offset + done;
      const within = at % BLOCK_SIZE_BYTES;
      const take = Math.min(BLOCK_SIZE_BYTES - within, source.length - done);
      this.#changeableBlock(Math.floor(at / BLOCK_SIZE_BYTES)).set(
        source.subarray(done, done + take),
        within,
      );
      done += take;
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, offset + source.length);
    this.#blocks.length = Math.max(this.#blocks.length, Math.ceil(this.#sizeBytes / BLOCK_SIZE_BYTES));
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes === this.#sizeBytes) return;
    this.#beginChanges();
    if (sizeBytes < this.#sizeBytes) {
      const within = sizeBytes % BLOCK_SIZE_BYTES;
      if (within !== 0) this.#changeableBlock(Math.floor(sizeBytes / BLOCK_SIZE_BYTES)).fill(0, within);
      for (let index = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES); index < this.#blocks.length; index++) {
        this.#keepBeforeImage(index);
      }
    }
    this.#resize(sizeBytes);
  }

  /** Returns the changes since the last `markCommitted` or `rollback`. */
  changes(): MirrorChanges {
    const blocks = [...this.#beforeImages.keys()]
      .filter((blockIndex) => blockIndex < this.#blocks.length)
      // A block that was cut off and extended over without a write is a hole, and has to be stored as zeros.
      .map((blockIndex) => ({
        blockIndex,
        bytes: this.#blocks[blockIndex] ?? new Uint8Array(BLOCK_SIZE_BYTES),
        before: this.#beforeImages.get(blockIndex),
      }));
    return { sizeBytes: this.#sizeBytes, blocks };
  }

  /** Keeps the changes: they are stored. */
  markCommitted(): void {
    this.#beforeImages.clear();
    this.#sizeBeforeBytes = undefined;
  }

  /** Undoes the changes: they could not be stored. */
  rollback(): void {
    if (this.#sizeBeforeBytes === undefined) return;
    for (const [blockIndex, before] of this.#beforeImages) this.#blocks[blockIndex] = before;
    this.#resize(this.#sizeBeforeBytes);
    this.markCommitted();
  }

  /** Copies `lengthBytes` bytes of the file from an offset on; zeros past the end. */
  copyOut(offset: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(lengthBytes);
    this.read(bytes, offset);
    return bytes;
  }

  /** Opens the file for SQLite. */
  open(mode: FileOpenMode): StorageFile {
    const present = this.#created || this.#sizeBytes > 0;
    if (!present && (!mode.create || mode.readOnly)) throw systemError('ENOENT', 'no main file');
    if (present && mode.exclusive) throw systemError('EEXIST', 'the main file exists');
    this.#created = true;
    const lock = new InProcessLock(this.#locks);
    const writable = (): this => {
      if (mode.readOnly) throw systemError('EBADF', 'opened for reading only');
      return this;
    };
    return {
      readOnly: mode.readOnly,
      read: (target, offset) => this.read(target, offset),
      write: (source, offset) => writable().write(source, offset),
      truncate: (sizeBytes) => writable().truncate(sizeBytes),
      sync: () => undefined,
      sizeBytes: () => this.#sizeBytes,
      lock: (level: LockLevel) => lock.acquire(level),
      unlock: (level: LockLevel) => lock.release(level),
      reserved: () => lock.reserved(),
      close: () => lock.release(0),
    };
  }

  #assertClean(): void {
    if (this.dirty) throw new Error('a mirror with changes of its own cannot take over stored ones');
  }

  #beginChanges(): void {
    this.#sizeBeforeBytes ??= this.#sizeBytes;
  }

  #keepBeforeImage(blockIndex: number): void {
    if (!this.#beforeImages.has(blockIndex)) this.#beforeImages.set(blockIndex, this.#blocks[blockIndex]);
  }

  /** Returns a block whose bytes may be changed: a copy, unless this transaction has made one already. */
  #changeableBlock(blockIndex: number): Uint8Array {
    const present = this.#blocks[blockIndex];
    if (this.#beforeImages.has(blockIndex) && present) return present;
    this.#keepBeforeImage(blockIndex);
    const copy = present ? present.slice() : new Uint8Array(BLOCK_SIZE_BYTES);
    this.#blocks[blockIndex] = copy;
    return copy;
  }

  /** Sets the size, and drops the blocks past the end. */
  #resize(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#blocks.length = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES);
  }
}
