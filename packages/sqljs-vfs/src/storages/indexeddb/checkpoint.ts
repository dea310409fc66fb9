/**
 * Checkpoints: small commits are written into extents in steps, and their records deleted. This file decides when a
 * step is due and takes it; `checkpoint-plan.ts` decides which extents it writes. No browser API here.
 */
import { SqliteError } from '../../errors.ts';
import { ResultCode } from '../../result-codes.ts';
import { BLOCK_SIZE_BYTES } from './block.ts';
import { CheckpointPlan, type CheckpointStep } from './checkpoint-plan.ts';
import type { StoreMeta } from './commit-store.ts';
import { EXTENT_SIZE_BYTES, extentCount } from './extents.ts';
import type { FileMirror, MirrorChanges } from './file-mirror.ts';
import { isVersionConflict, type StoredDatabase } from './stored-database.ts';

/** Limits for the commits that no checkpoint has written into extents yet: the size of their records, and of their blocks. */
export interface CheckpointPolicy {
  /**
   * Share of the file that is the soft limit, so that the cost stays in proportion. Above the limit, steps are taken
   * while this context is idle.
   */
  readonly softLimitShare: number;
  /** The least soft limit. */
  readonly softLimitMinBytes: number;
  /** The largest soft limit, whatever the size of the file: opening reads every byte in commit records. */
  readonly softLimitMaxBytes: number;
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
  /**
   * The hard limit for the blocks that the commits have changed, which are in memory: a record of a few bytes may stand
   * for a whole block. The soft limit is so many times smaller as `hardLimitFactor` says.
   */
  readonly changedLimitBytes: number;
  /** The blocking limit in hard limits: large commits outrun one step each, so above it a transaction waits for all steps. */
  readonly blockingLimitFactor: number;
  /** The limit, in hard limits, above which no more is written while checkpoints fail. */
  readonly refusalLimitFactor: number;
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
  softLimitMaxBytes: 16 * 1024 * 1024,
  idleMs: 30,
  hardLimitFactor: 2,
  hardLimitMinBytes: 8 * 1024 * 1024,
  changedLimitBytes: 64 * 1024 * 1024,
  blockingLimitFactor: 1.5,
  refusalLimitFactor: 3,
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
  /** Takes over every extent again, which fetches new handles. @returns the new meta record */
  readonly reload: () => Promise<StoreMeta>;
}

/** The sizes above which a step is taken while idle, a step follows each transaction, all steps, and nothing is written. */
type Limit = 'soft' | 'hard' | 'blocking' | 'refusal';

/** The meta record after a step, and what became of the step. */
interface StepOutcome {
  readonly meta: StoreMeta;
  /** `conflict`: another context has committed, or finished a checkpoint. */
  readonly result: 'stored' | 'conflict' | 'failed';
}

/** Why the latest attempt at a checkpoint failed. */
interface CheckpointFailure {
  readonly error: Error;
  /** The stored value at the time. Once it is another one, what failed here has been done, by whichever context. */
  readonly checkpointedVersion: number;
  /** True when every step was stored, and only taking over what it stored failed. */
  readonly isOfReload: boolean;
}

/** Takes checkpoint steps between the transactions of one commit log, which calls it while none is running. */
export class Checkpointer {
  readonly plan: CheckpointPlan = new CheckpointPlan();
  readonly #context: CheckpointContext;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  /** The checkpoint of the extents that the mirror reads; undefined when it has missed some of a later one. */
  #checkpointOfMirror: number | undefined;
  #failure: CheckpointFailure | undefined;
  /** True once handles were fetched again because steps failed; until one succeeds, or another reason fetches them. */
  #hasReloaded = false;

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

  /** Returns the failure of the latest attempt; undefined when it succeeded, or a checkpoint was finished since. */
  failureAt(meta: StoreMeta | undefined): Error | undefined {
    const failure = this.#failure;
    return failure?.checkpointedVersion === meta?.checkpointedVersion ? failure?.error : undefined;
  }

  /** Notes that the mirror has loaded the whole file. */
  restart(meta: StoreMeta): void {
    this.plan.restart(meta);
    this.skipTo(meta);
    this.#hasReloaded = false;
    if (this.#failure?.isOfReload) this.#failure = undefined;
  }

  /** Notes that the mirror needs nothing of a checkpoint that another context has finished. */
  skipTo(meta: StoreMeta): void {
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

  /** True when commits wait above the last limit because steps fail: a write then begins with {@link beforeWrite}. */
  refuses(meta: StoreMeta): boolean {
    return this.failureAt(meta) !== undefined && this.#exceeds('refusal', meta);
  }

  /**
   * Before a write: takes a step if this meta record refuses writes. Reading goes on.
   * @param meta - just read from the store: another context may have taken the steps that fail here
   * @returns the new meta record; undefined when another context has changed it meanwhile, so that it is read again
   * @throws {SqliteError} SQLITE_FULL (13), SQLITE_IOERR (10) when it fails again
   * @throws {VfsError} STORAGE_RESET when the database was removed
   */
  async beforeWrite(meta: StoreMeta): Promise<StoreMeta | undefined> {
    if (!this.refuses(meta)) return meta;
    const { meta: next, result } = await this.step(meta);
    if (result === 'conflict') return undefined;
    const error = this.failureAt(next);
    if (!error) return next;
    if (!(error instanceof SqliteError)) throw error;
    const reason = `too many changes wait for a checkpoint, which fails: ${error.message}`;
    throw new SqliteError(error.resultCode, reason, error);
  }

  /** After a transaction: takes the steps that cannot wait and schedules those that can. @returns the new meta record */
  async afterTransaction(meta: StoreMeta): Promise<StoreMeta> {
    if (!this.#allowed) return meta;
    let current = meta;
    if (this.#exceeds('hard', meta)) {
      let outcome: StepOutcome;
      do {
        outcome = await this.step(current);
        current = outcome.meta;
      } while (outcome.result === 'stored' && this.plan.inProgress && this.#exceeds('blocking', current));
      // What was stored could not be taken over at the time, and fills the memory.
      const isBehind = this.#checkpointOfMirror === undefined && !this.plan.inProgress;
      if (isBehind && this.#exceeds('hard', current)) {
        current = (await this.#reload(current, { isOfReload: true })) ?? current;
      }
      this.#scheduleWhenIdle();
    } else if (this.#exceeds('soft', meta) || this.plan.inProgress) {
      this.#scheduleWhenIdle();
    }
    return current;
  }

  /** Takes a step that is due, and schedules the next. @returns the new meta record */
  async whileIdle(meta: StoreMeta): Promise<StoreMeta> {
    if (!this.#allowed) return meta;
    const { meta: next, result } = await this.step(meta);
    // After a failure, nothing more until the next transaction: the disk may be full.
    return result === 'stored' ? this.afterTransaction(next) : next;
  }

  /**
   * Takes one step. One that fails changes nothing; see {@link failureAt}. The handles of the extents may be the reason, so
   * they are fetched again, once, and the step is taken with the new ones.
   */
  async step(meta: StoreMeta): Promise<StepOutcome> {
    const step = this.plan.next(meta);
    try {
      const next = await this.#store(step, meta);
      this.#failure = undefined;
      this.#hasReloaded = false;
      return { meta: next, result: 'stored' };
    } catch (error) {
      this.plan.markFailed();
      // Another context has committed. The next transaction finds that out, and the step after it is of the new state.
      if (isVersionConflict(error)) return { meta, result: 'conflict' };
      this.#noteFailure(error, meta, { isOfReload: false });
      if (step.kind !== 'write extents' || this.#hasReloaded || !isIoError(error)) {
        return { meta, result: 'failed' };
      }
    }
    const reloaded = await this.#reload(meta, { isOfReload: false });
    return reloaded ? this.step(reloaded) : { meta, result: 'failed' };
  }

  /**
   * Takes over every extent again.
   * @param isOfReload - of the failure, if it fails
   * @returns the new meta record; undefined where that failed
   */
  async #reload(
    meta: StoreMeta,
    { isOfReload }: Pick<CheckpointFailure, 'isOfReload'>,
  ): Promise<StoreMeta | undefined> {
    try {
      const reloaded = await this.#context.reload();
      this.#hasReloaded = true;
      return reloaded;
    } catch (error) {
      this.#noteFailure(error, meta, { isOfReload });
      return undefined;
    }
  }

  #noteFailure(
    error: unknown,
    { checkpointedVersion }: StoreMeta,
    { isOfReload }: Pick<CheckpointFailure, 'isOfReload'>,
  ): void {
    this.#failure = { error: error as Error, checkpointedVersion, isOfReload };
  }

  /** Stores a step. @returns the new meta record */
  async #store(step: CheckpointStep, meta: StoreMeta): Promise<StoreMeta> {
    const { stored, mirror } = this.#context;
    const next = metaAfter(step, meta);
    await stored.compareAndSwap(meta, {
      deleteExtentsFrom: extentCount(meta.sizeBytes),
      ...(step.kind === 'write extents'
        ? { extents: mirror.extentsToStore(step.extents, meta.version) }
        : { deleteCommitsUpTo: step.version, meta: next }),
    });
    this.plan.markStored(step);
    if (step.kind === 'write extents') await this.#adopt(meta, step.extents);
    else this.#noteCheckpoint(meta, next);
    return next;
  }

  #exceeds(limit: Limit, { sizeBytes, uncheckpointedBytes }: StoreMeta): boolean {
    const { policy, mirror } = this.#context;
    const softBytes = Math.max(
      policy.softLimitMinBytes,
      Math.min(sizeBytes * policy.softLimitShare, policy.softLimitMaxBytes),
    );
    const hardBytes = Math.max(policy.hardLimitMinBytes, softBytes * policy.hardLimitFactor);
    const hardLimits = { blocking: policy.blockingLimitFactor, refusal: policy.refusalLimitFactor, hard: 1 };
    const limitBytes = limit === 'soft' ? softBytes : hardBytes * hardLimits[limit];
    const changedLimits = { ...hardLimits, soft: 1 / policy.hardLimitFactor };
    return (
      uncheckpointedBytes >= limitBytes ||
      mirror.changedBytes >= policy.changedLimitBytes * changedLimits[limit]
    );
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

/** True for a failure that dead handles may have caused, or of a storage that may recover. */
function isIoError(error: unknown): boolean {
  return error instanceof SqliteError && error.resultCode === ResultCode.IOERR;
}

function metaAfter(step: CheckpointStep, meta: StoreMeta): StoreMeta {
  if (step.kind === 'write extents') return meta;
  return {
    ...meta,
    checkpointedVersion: step.version,
    uncheckpointedBytes: meta.uncheckpointedBytes - step.bytes,
  };
}
