/** Decides which extents a checkpoint still has to write. No browser API here. */
import type { StoreMeta } from './commit-store.ts';
import { EXTENT_SIZE_BLOCKS, EXTENT_SIZE_BYTES, extentCount } from './extents.ts';

/** Extents written in one step: some milliseconds, during which a save may have to wait. */
const EXTENTS_PER_STEP = 2;

/** A commit's changes, as far as checkpoints need them. */
export interface ChangedBlocks {
  readonly sizeBytes: number;
  readonly blocks: Iterable<{ readonly blockIndex: number }>;
}

/** One step of a checkpoint. */
export type CheckpointStep =
  | { readonly kind: 'write extents'; readonly extents: readonly number[] }
  | { readonly kind: 'delete commits'; readonly version: number; readonly bytes: number };

/** One pass over the changed extents, as far as this context has come. */
interface CheckpointPass {
  /** Commits up to this version can be deleted once every extent is written. */
  readonly version: number;
  /** Size of the records of those commits. */
  readonly bytes: number;
  /** The stored value when the pass began: only one context can finish a pass. */
  readonly checkpointedVersion: number;
  readonly extentsToWrite: number[];
  /** True once a step of it is stored. */
  started: boolean;
}

/** The extents that commits since the last checkpoint changed, and those of them that are still to be written. */
export class CheckpointPlan {
  readonly #changed: Set<number> = new Set();
  #pass: CheckpointPass | undefined;
  #sizeBytes = 0;

  /** Adds the extents that a commit changed, of this context or another. */
  addCommit(changes: ChangedBlocks): void {
    for (const extentIndex of this.#extentsChangedBy(changes)) this.#changed.add(extentIndex);
    this.#sizeBytes = changes.sizeBytes;
  }

  /** Returns the extents that a commit has to write so that nothing is left for a checkpoint. */
  extentsToWrite(changes: ChangedBlocks): number[] {
    const unwritten = this.#pass?.extentsToWrite ?? [];
    return [...new Set([...this.#changed, ...unwritten, ...this.#extentsChangedBy(changes)])];
  }

  /** Forgets every changed extent: a commit that wrote them all is stored. */
  clear(sizeBytes: number): void {
    this.#changed.clear();
    this.#pass = undefined;
    this.#sizeBytes = sizeBytes;
  }

  /** Begins again, because the whole file was loaded. The caller adds the loaded commits next. */
  restart(meta: StoreMeta): void {
    // The size at the last checkpoint is unknown, so the first commit has to count as having cut something off.
    this.clear((extentCount(meta.sizeBytes) + 1) * EXTENT_SIZE_BYTES);
  }

  /** Returns the next step. */
  next(meta: StoreMeta): CheckpointStep {
    // Another context may have finished a checkpoint meanwhile.
    if (this.#pass && this.#pass.checkpointedVersion !== meta.checkpointedVersion) this.#abandonPass();
    this.#pass ??= this.#beginPass(meta);
    const { extentsToWrite, version, bytes } = this.#pass;
    return extentsToWrite.length > 0
      ? { kind: 'write extents', extents: extentsToWrite.slice(-EXTENTS_PER_STEP) }
      : { kind: 'delete commits', version, bytes };
  }

  /** Notes that a step is stored. */
  markStored(step: CheckpointStep): void {
    if (!this.#pass) return;
    this.#pass.started = true;
    if (step.kind === 'write extents') this.#pass.extentsToWrite.splice(-step.extents.length);
    else this.#pass = undefined;
  }

  /**
   * Notes that a step could not be stored. The first step of a pass deletes the extents past the end of the file. That
   * has to happen at the version of the pass, before the file grows over them, so the pass begins again.
   */
  markFailed(): void {
    if (this.#pass && !this.#pass.started) this.#abandonPass();
  }

  /** True when a pass has begun and not ended. */
  get inProgress(): boolean {
    return this.#pass !== undefined;
  }

  #extentsChangedBy({ sizeBytes, blocks }: ChangedBlocks): Set<number> {
    const extents = new Set<number>();
    for (const { blockIndex } of blocks) extents.add(Math.floor(blockIndex / EXTENT_SIZE_BLOCKS));
    // Bytes that were cut off must not come back when the file grows over them, whether or not anything is written.
    const start = Math.floor(Math.min(sizeBytes, this.#sizeBytes) / EXTENT_SIZE_BYTES);
    const end = extentCount(Math.max(sizeBytes, this.#sizeBytes));
    if (sizeBytes !== this.#sizeBytes) for (let index = start; index < end; index++) extents.add(index);
    return extents;
  }

  #abandonPass(): void {
    for (const extentIndex of this.#pass?.extentsToWrite ?? []) this.#changed.add(extentIndex);
    this.#pass = undefined;
  }

  #beginPass(meta: StoreMeta): CheckpointPass {
    const extentsToWrite = [...this.#changed];
    this.#changed.clear();
    return {
      version: meta.version,
      bytes: meta.uncheckpointedBytes,
      checkpointedVersion: meta.checkpointedVersion,
      extentsToWrite,
      started: false,
    };
  }
}
