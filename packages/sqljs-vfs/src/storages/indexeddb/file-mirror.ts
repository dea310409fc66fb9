/**
 * A database file, as the synchronous side of an asynchronous store. What is stored is read when needed
 * (`stored-file.ts`); what commits changed since the last checkpoint is in memory.
 *
 *  1. Before a block changes, its before-image is kept. `rollback` restores every before-image, so that memory never
 *     runs ahead of the store.
 *  2. `changes` names each changed block exactly once, with its present content.
 *  3. Blocks and sizes are about bytes of the file. SQLite's page size plays no part: a database may have any, and may
 *     change it.
 *  4. What cannot be read is an error, never zeros.
 */
import type { LockLevel } from '../../contract/database-lock.ts';
import type { FileOpenMode, StorageFile } from '../../contract/storage.ts';
import { systemError } from '../../contract/system-error.ts';
import { InProcessLock, InProcessLockTable } from '../../locks/in-process-lock.ts';
import { BLOCK_SIZE_BYTES, type BlockChange, type Patch } from './block.ts';
import {
  blocksWithin,
  EXTENT_SIZE_BLOCKS,
  EXTENT_SIZE_BYTES,
  type Extent,
  type ExtentSlice,
  type NewExtent,
} from './extents.ts';
import { StoredFile, type StoredState } from './stored-file.ts';

/** The default size of the page cache. */
export const DEFAULT_CACHE_SIZE_BYTES: number = 64 * 1024 * 1024;

/** Changes of one transaction. */
export interface MirrorChanges {
  readonly sizeBytes: number;
  readonly blocks: readonly BlockChange[];
}

/** A block that differs from the stored one: whole, or as the changes to be made to it when it is read. */
type ChangedBlock = Uint8Array<ArrayBuffer> | Patch[];

/** The state to which a rollback returns. */
interface BeforeChanges {
  readonly sizeBytes: number;
  readonly stored: StoredState;
}

/** The file: stored extents, and what has changed since they were stored. */
export class FileMirror {
  readonly #stored: StoredFile;
  readonly #changed: Map<number, ChangedBlock> = new Map();
  #sizeBytes = 0;
  /** True once a connection has created the file: an empty file then exists here. In a store, empty and missing files are the same. */
  #created = false;
  /** What `#changed` had for each block that this transaction changed; undefined for a block as it is stored. */
  readonly #beforeImages: Map<number, ChangedBlock | undefined> = new Map();
  #before: BeforeChanges | undefined;
  readonly #locks: InProcessLockTable = new InProcessLockTable();

  /** @param cacheSizeBytes - how much of what was read from the store is kept; changes are not counted */
  constructor(cacheSizeBytes: number = DEFAULT_CACHE_SIZE_BYTES) {
    this.#stored = new StoredFile(cacheSizeBytes);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Number of bytes in memory: the cache, and what has changed since it was stored. */
  get memoryBytes(): number {
    return this.#stored.cachedBytes + this.changedBytes;
  }

  /** Number of bytes of the blocks that have changed since they were stored, once all of them were read. */
  get changedBytes(): number {
    return this.#changed.size * BLOCK_SIZE_BYTES;
  }

  /** The extents that the mirror reads, by their index. */
  get extents(): readonly (Extent | undefined)[] {
    return this.#stored.state.map((present) => present?.extent);
  }

  /** True when there are changes that are neither marked as committed nor rolled back. */
  get dirty(): boolean {
    return this.#before !== undefined;
  }

  /** True when stored bytes could not be read since the last `load`, or may be unreadable. */
  get unreadable(): boolean {
    return this.#stored.readFailure !== undefined;
  }

  /** Notes that stored extents may be unreadable: others could not be composed of them. */
  distrustStored(failure: unknown): void {
    this.#stored.distrust(failure);
  }

  /** True while a connection holds one of SQLite's locks. */
  get locked(): boolean {
    return this.#locks.shared.size > 0 || this.#locks.writer !== undefined;
  }

  /** Replaces the whole file by stored extents. */
  load(extents: Iterable<Extent>, sizeBytes: number): void {
    this.#assertClean();
    this.#changed.clear();
    this.#stored.load(extents);
    this.#stored.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Applies a stored commit of another context. Reads nothing: a block is changed when it is read. */
  apply({ patches, sizeBytes }: { readonly patches: Iterable<Patch>; readonly sizeBytes: number }): void {
    this.#assertClean();
    for (const patch of patches) this.#applyPatch(patch);
    // Bytes that a commit cut off must not come back when a later one extends the file over them.
    this.#resize(sizeBytes);
  }

  /**
   * Takes over extents that were stored again with the present content, and frees what had changed in them.
   * @param extents - of this version of the file
   */
  adopt(extents: Iterable<Extent>): void {
    this.#assertClean();
    for (const extent of extents) {
      const first = extent.extentIndex * EXTENT_SIZE_BLOCKS;
      const blocks: [start: number, bytes: Uint8Array][] = [];
      for (let index = first; index < first + EXTENT_SIZE_BLOCKS; index++) {
        const bytes = this.#changed.has(index) ? this.#block(index) : undefined;
        if (bytes) blocks.push([(index - first) * BLOCK_SIZE_BYTES, bytes]);
      }
      this.#stored.replace(extent, blocks);
      for (let index = first; index < first + EXTENT_SIZE_BLOCKS; index++) this.#changed.delete(index);
    }
  }

  /**
   * Moves what has changed into extents in memory, where all of them are: another context has stored it, and this one
   * need not load it.
   * @param version - of the file's present content
   */
  keepChanged(version: number): void {
    this.#assertClean();
    const changed = new Set(
      [...this.#changed.keys()].map((blockIndex) => Math.floor(blockIndex / EXTENT_SIZE_BLOCKS)),
    );
    for (const extentIndex of changed) {
      const lengthBytes = blocksWithin(extentIndex, this.#sizeBytes) * BLOCK_SIZE_BYTES;
      this.#stored.keep(extentIndex, version, this.copyOut(extentIndex * EXTENT_SIZE_BYTES, lengthBytes));
    }
    this.#changed.clear();
  }

  read(target: Uint8Array, offset: number): number {
    const end = Math.min(offset + target.length, this.#sizeBytes);
    for (let at = offset; at < end;) {
      const within = at % BLOCK_SIZE_BYTES;
      const take = Math.min(BLOCK_SIZE_BYTES - within, end - at);
      const block = this.#block(Math.floor(at / BLOCK_SIZE_BYTES));
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
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes === this.#sizeBytes) return;
    this.#beginChanges();
    if (sizeBytes < this.#sizeBytes) {
      const within = sizeBytes % BLOCK_SIZE_BYTES;
      if (within !== 0) this.#changeableBlock(Math.floor(sizeBytes / BLOCK_SIZE_BYTES)).fill(0, within);
      const end = Math.ceil(this.#sizeBytes / BLOCK_SIZE_BYTES);
      for (let index = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES); index < end; index++) {
        this.#keepBeforeImage(index);
      }
    }
    this.#resize(sizeBytes);
  }

  /** Returns the changes since the last `markCommitted` or `rollback`. */
  changes(): MirrorChanges {
    const end = Math.ceil(this.#sizeBytes / BLOCK_SIZE_BYTES);
    const blocks = [...this.#beforeImages]
      .filter(([blockIndex]) => blockIndex < end)
      .map(([blockIndex, before]) => ({
        blockIndex,
        // A block that was cut off and extended over without a write is a hole, and has to be stored as zeros.
        bytes: this.#block(blockIndex) ?? new Uint8Array(BLOCK_SIZE_BYTES),
        before: () => this.#resolve(blockIndex, before, this.#before?.stored),
      }));
    return { sizeBytes: this.#sizeBytes, blocks };
  }

  /** Keeps the changes: they are stored. */
  markCommitted(): void {
    this.#beforeImages.clear();
    this.#before = undefined;
  }

  /** Undoes the changes: they could not be stored. */
  rollback(): void {
    if (this.#before === undefined) return;
    for (const [blockIndex, before] of this.#beforeImages) {
      if (before) this.#changed.set(blockIndex, before);
      else this.#changed.delete(blockIndex);
    }
    this.#stored.state = this.#before.stored;
    this.#sizeBytes = this.#before.sizeBytes;
    this.markCommitted();
  }

  /** Copies `lengthBytes` bytes of the file from an offset on; zeros past the end. */
  copyOut(offset: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(lengthBytes);
    this.read(bytes, offset);
    return bytes;
  }

  /**
   * Returns these extents as they are now, one at a time, as the caller iterates. What has not changed is a slice of the
   * stored extent, and is not read. Skips those past the end.
   * @param version - of the file's present content
   */
  *extentsToStore(extentIndexes: Iterable<number>, version: number): Generator<NewExtent> {
    for (const extentIndex of extentIndexes) {
      const blocks = blocksWithin(extentIndex, this.#sizeBytes);
      if (blocks > 0) yield { extentIndex, version, parts: this.#partsOf(extentIndex, blocks) };
    }
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
    this.#before ??= { sizeBytes: this.#sizeBytes, stored: this.#stored.state };
  }

  #keepBeforeImage(blockIndex: number): void {
    if (this.#beforeImages.has(blockIndex)) return;
    // After a rollback SQLite compares the first block with its cache, so it must not depend on a read.
    const before = this.#changed.get(blockIndex) ?? (blockIndex === 0 ? this.#block(0)?.slice() : undefined);
    this.#beforeImages.set(blockIndex, before);
  }

  /** Returns a block; undefined for a hole. */
  #block(blockIndex: number): Uint8Array<ArrayBuffer> | undefined {
    const changed = this.#changed.get(blockIndex);
    if (!Array.isArray(changed)) return changed ?? this.#stored.block(blockIndex);
    const block = this.#resolve(blockIndex, changed);
    if (block) this.#changed.set(blockIndex, block);
    return block;
  }

  /** Returns a block as it is with these changes; undefined for a hole. */
  #resolve(
    blockIndex: number,
    changed: ChangedBlock | undefined,
    state?: StoredState,
  ): Uint8Array<ArrayBuffer> | undefined {
    if (changed instanceof Uint8Array) return changed;
    const stored = this.#stored.block(blockIndex, state);
    if (!changed) return stored;
    const block = stored?.slice() ?? new Uint8Array(BLOCK_SIZE_BYTES);
    for (const { start, bytes } of changed) block.set(bytes, start);
    return block;
  }

  #applyPatch(patch: Patch): void {
    const { blockIndex, start, bytes } = patch;
    const changed = this.#changed.get(blockIndex);
    if (bytes.length === BLOCK_SIZE_BYTES) this.#changed.set(blockIndex, bytes.slice());
    else if (!changed) this.#changed.set(blockIndex, [patch]);
    else if (Array.isArray(changed)) changed.push(patch);
    else changed.set(bytes, start);
  }

  /** Returns a block whose bytes may be changed: a copy, unless this transaction has made one already. */
  #changeableBlock(blockIndex: number): Uint8Array<ArrayBuffer> {
    const present = this.#block(blockIndex);
    if (this.#beforeImages.has(blockIndex) && present) return present;
    this.#keepBeforeImage(blockIndex);
    const copy = present ? present.slice() : new Uint8Array(BLOCK_SIZE_BYTES);
    this.#changed.set(blockIndex, copy);
    return copy;
  }

  #partsOf(extentIndex: number, blocks: number): (Uint8Array<ArrayBuffer> | ExtentSlice)[] {
    const parts: (Uint8Array<ArrayBuffer> | ExtentSlice)[] = [];
    const first = extentIndex * EXTENT_SIZE_BLOCKS;
    for (let index = first; index < first + blocks; index++) {
      const slice = this.#changed.has(index) ? undefined : this.#stored.sliceOf(index);
      const previous = parts.at(-1);
      if (!slice) parts.push(this.#block(index) ?? new Uint8Array(BLOCK_SIZE_BYTES));
      else if (!previous || previous instanceof Uint8Array || previous.end !== slice.start) parts.push(slice);
      else parts[parts.length - 1] = { ...previous, end: slice.end };
    }
    return parts;
  }

  /** Sets the size, and drops the blocks past the end. */
  #resize(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) {
      const end = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES);
      for (const blockIndex of this.#changed.keys()) if (blockIndex >= end) this.#changed.delete(blockIndex);
      this.#stored.truncate(sizeBytes);
    }
    this.#sizeBytes = sizeBytes;
  }
}
