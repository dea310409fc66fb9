/**
 * Checkpoints: small commits are written into extents in steps, and their records deleted. This file decides when a
 * step is due and takes it; `checkpoint-plan.ts` decides which extents it writes. No browser API here.
 */
import { BLOCK_SIZE_BYTES } from './block.ts';
import { CheckpointPlan, type CheckpointStep } from './checkpoint-plan.ts';
import type { StoreMeta } from './commit-store.ts';
import { EXTENT_SIZE_BYTES, extentCount } from './extents.ts';
import type { FileMirror, MirrorChanges } from './file-mirror.ts';
import type { StoredDatabase } from './stored-database.ts';

/** Limits for the size of the commit records that no checkpoint has written into extents yet. */
export interface CheckpointPolicy {
  /**
   * Share of the file that is the soft limit, so that the cost stays in proportion. Above the limit, steps are taken
   * while this context is idle.
   */
  readonly softLimitShare: number;
  /** The least soft limit. */
  readonly softLimitMinBytes: number;
  /** The time without a request after which this context counts as idle. */
  readonly idleMs: number;
  /** The hard limit in soft limits. Above it, one step follows every transaction. */
  readonly hardLimitFactor: number;
  /**
   * The least hard limit. In a small file every extent changes all the time and a checkpoint writes the whole file, so
   * checkpoints are at least this far apart. They are not further apart, because opening reads every byte in commit
   * records, and none in extents.
   */
  readonly hardLimitMinBytes: number;
  /** The blocking limit in hard limits: large commits outrun one step each, so above it a transaction waits for all steps. */
  readonly blockingLimitFactor: number;
  /**
   * A commit that changes this much (an imported file, a VACUUM) writes its extents itself. As a record it would be
   * written twice, and make opening slow until the next checkpoint.
   */
  readonly largeCommitBytes: number;
  /** A commit scattered over extents of more than so many times its size is stored as a record all the same. */
  readonly largeCommitSpread: number;
}

export const CHECKPOINT_POLICY: CheckpointPolicy = {
  softLimitShare: 1 / 16,
  softLimitMinBytes: 2 * 1024 * 1024,
  idleMs: 30,
  hardLimitFactor: 2,
  hardLimitMinBytes: 8 * 1024 * 1024,
  blockingLimitFactor: 1.5,
  largeCommitBytes: 8 * 1024 * 1024,
  largeCommitSpread: 2,
};

/** Parts of the commit log that checkpoints use. */
export interface CheckpointContext {
  readonly stored: StoredDatabase;
  readonly mirror: FileMirror;
  readonly policy: CheckpointPolicy;
  /** Counts the transactions requested so far, to tell whether this context is idle. */
  readonly requestCount: () => number;
  /** Called when this context has been idle and a step is due. The commit log then queues a call of `whileIdle`. */
  readonly onIdle: () => void;
}

/** Takes checkpoint steps between the transactions of one commit log, which calls it while none is running. */
export class Checkpointer {
  readonly plan: CheckpointPlan = new CheckpointPlan();
  readonly #context: CheckpointContext;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  /** The checkpoint of the extents that the mirror reads; undefined when it has missed some of a later one. */
  #checkpointOfMirror: number | undefined;

  constructor(context: CheckpointContext) {
    this.#context = context;
  }

  close(): void {
    clearTimeout(this.#idleTimer);
  }

  /** The checkpoint whose extents the mirror reads; undefined when it has to take over all of them again. */
  get checkpointOfMirror(): number | undefined {
    return this.#checkpointOfMirror;
  }

  /** Notes that the mirror has loaded the whole file. */
  restart(meta: StoreMeta): void {
    this.plan.restart(meta);
    this.#checkpointOfMirror = meta.checkpointedVersion;
  }

  /** Notes that a commit has written these extents and left nothing for a checkpoint. */
  async commitStored(before: StoreMeta, meta: StoreMeta, extents: readonly number[]): Promise<void> {
    this.plan.clear(meta.sizeBytes);
    await this.#adopt(meta, extents);
    this.#noteCheckpoint(before, meta);
  }

  /** Returns the extents that a large commit writes itself; undefined for a commit that is stored as a record. */
  extentsOfLargeCommit(changes: MirrorChanges): number[] | undefined {
    const { largeCommitBytes, largeCommitSpread } = this.#context.policy;
    const changedBytes = changes.blocks.length * BLOCK_SIZE_BYTES;
    if (changedBytes < largeCommitBytes) return undefined;
    const extents = this.plan.extentsToWrite(changes);
    const worthwhile =
      extents.length > 0 && extents.length * EXTENT_SIZE_BYTES <= largeCommitSpread * changedBytes;
    return worthwhile ? extents : undefined;
  }

  /** After a transaction: takes the steps that cannot wait and schedules those that can. @returns the new meta record */
  async afterTransaction(meta: StoreMeta): Promise<StoreMeta> {
    if (!this.#allowed) return meta;
    const { policy } = this.#context;
    const softLimitBytes = Math.max(policy.softLimitMinBytes, meta.sizeBytes * policy.softLimitShare);
    const hardLimitBytes = Math.max(policy.hardLimitMinBytes, softLimitBytes * policy.hardLimitFactor);
    const blockingLimitBytes = hardLimitBytes * policy.blockingLimitFactor;
    let current = meta;
    if (meta.uncheckpointedBytes >= hardLimitBytes) {
      do {
        const next = await this.step(current);
        if (!next) break;
        current = next;
      } while (current.uncheckpointedBytes >= blockingLimitBytes);
      this.#scheduleWhenIdle();
    } else if (meta.uncheckpointedBytes >= softLimitBytes || this.plan.inProgress) {
      this.#scheduleWhenIdle();
    }
    return current;
  }

  /** Takes a step that is due, and schedules the next. @returns the new meta record */
  async whileIdle(meta: StoreMeta): Promise<StoreMeta> {
    const next = this.#allowed ? await this.step(meta) : undefined;
    // After a failure, nothing more until the next transaction: the disk may be full.
    return next ? this.afterTransaction(next) : meta;
  }

  /** Takes one step. @returns the new meta record, or undefined when the step failed, which changes nothing */
  async step(meta: StoreMeta): Promise<StoreMeta | undefined> {
    const { stored, mirror } = this.#context;
    const step = this.plan.next(meta);
    const next = metaAfter(step, meta);
    try {
      await stored.compareAndSwap(meta, {
        deleteExtentsFrom: extentCount(meta.sizeBytes),
        ...(step.kind === 'write extents'
          ? { extents: mirror.extentsToStore(step.extents, meta.version) }
          : { deleteCommitsUpTo: step.version, meta: next }),
      });
    } catch {
      this.plan.markFailed();
      return undefined;
    }
    this.plan.markStored(step);
    if (step.kind === 'write extents') await this.#adopt(meta, step.extents);
    else this.#noteCheckpoint(meta, next);
    return next;
  }

  /**
   * Lets the mirror read extents from the store that were just written, so that it can free what had changed in them.
   * Where that fails, it goes on with what it has until the next refresh.
   */
  async #adopt(meta: StoreMeta, extentIndexes: readonly number[]): Promise<void> {
    try {
      const extents = await this.#context.stored.readExtents(extentIndexes, meta);
      if (extents) return this.#context.mirror.adopt(extents);
    } catch {
      // The next transaction meets the same failure and reports it.
    }
    this.#checkpointOfMirror = undefined;
  }

  #noteCheckpoint(before: StoreMeta, { checkpointedVersion }: StoreMeta): void {
    const isComplete = this.#checkpointOfMirror === before.checkpointedVersion;
    this.#checkpointOfMirror = isComplete ? checkpointedVersion : undefined;
  }

  /** False for a lost connection: a transaction may open it again, a checkpoint may not. */
  get #allowed(): boolean {
    const { stored } = this.#context;
    return !stored.ended && stored.connected;
  }

  #scheduleWhenIdle(): void {
    const { policy, requestCount, onIdle } = this.#context;
    const requestCountBefore = requestCount();
    this.#idleTimer ??= setTimeout(() => {
      this.#idleTimer = undefined;
      if (requestCount() === requestCountBefore) onIdle();
      else this.#scheduleWhenIdle();
    }, policy.idleMs);
  }
}

function metaAfter(step: CheckpointStep, meta: StoreMeta): StoreMeta {
  if (step.kind === 'write extents') return meta;
  return {
    ...meta,
    checkpointedVersion: step.version,
    uncheckpointedBytes: meta.uncheckpointedBytes - step.bytes,
  };
}
