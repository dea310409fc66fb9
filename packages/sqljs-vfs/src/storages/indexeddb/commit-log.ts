/**
 * The commit log: transactions on a mirrored file, each commit stored by compare-and-swap, shared with other contexts
 * that do the same. It keeps rules 1 to 6 of `indexeddb.browser.ts` over any {@link CommitStore}. No browser API here.
 *
 * A write runs on the mirror and is committed at once while this context is alone (optimistic). When a version conflict
 * shows that it is not, the mirror is rolled back, and the write runs again under the writer lock, after a refresh.
 */
import type { StorageTransactions } from '../../contract/storage-transactions.ts';
import type { EncryptionKey } from '../../contract/encryption-key.ts';
import { LockLevel } from '../../contract/database-lock.ts';
import type { CheckpointStatus, FileOpenMode, StorageFile } from '../../contract/storage.ts';
import { SqliteError, UncertainCommit, VfsError, outsideTransaction } from '../../errors.ts';
import { ResultCode } from '../../result-codes.ts';
import { CHECKPOINT_POLICY, Checkpointer, type CheckpointPolicy } from './checkpoint.ts';
import { commitIdText, encodeCommit } from './commit-record.ts';
import type { CommitStore, StoreChanges, StoreMeta } from './commit-store.ts';
import { extentCount, type ExtentFormat } from './extents.ts';
import { DEFAULT_CACHE_SIZE_BYTES, FileMirror, type MirrorChanges } from './file-mirror.ts';
import { SerialQueue } from '../../serial-queue.ts';
import { isVersionConflict, StoredDatabase } from './stored-database.ts';

/** After another context commits, refresh under the writer lock until this many writes in a row found no newer commit. */
const OPTIMISTIC_AFTER_WRITES = 16;

/** Options of {@link CommitLog}. */
export interface CommitLogOptions {
  /** Name of the database, for messages. */
  readonly name: string;
  readonly store: CommitStore;
  /** Runs a write while no other context writes, if it can. Safety does not depend on it; see rule 2. */
  readonly withWriterLock: <T>(work: () => Promise<T>) => Promise<T>;
  /** @default CHECKPOINT_POLICY */
  readonly checkpointPolicy?: CheckpointPolicy;
  /** How much of what was read from extents is kept in memory. @default DEFAULT_CACHE_SIZE_BYTES */
  readonly cacheSizeBytes?: number;
}

/** A transaction's work, and the call that makes SQLite notice a rollback. */
interface Write<T> {
  readonly work: () => T | Promise<T>;
  readonly onRollback: () => void;
}

/** The transactions of one context on one stored database. */
export class CommitLog implements StorageTransactions {
  readonly mirror: FileMirror;
  readonly #stored: StoredDatabase;
  readonly #withWriterLock: CommitLogOptions['withWriterLock'];
  readonly #checkpointer: Checkpointer;
  readonly #queue: SerialQueue = new SerialQueue();
  /** The stored meta record that belongs to the mirror's content; undefined before the first refresh. */
  #meta: StoreMeta | undefined;
  /** Counts requested transactions. */
  #requestCount = 0;
  /** Value of `#requestCount` when the mirror was last known to be current. */
  #currentAt = 0;
  /** What SQLite may do now. The store would never hear of a write outside a write transaction. */
  #access: 'none' | 'read' | 'write' = 'none';
  /** Number of writes that must find no newer commit before a write is optimistic. */
  #cleanWritesNeeded = 0;

  constructor({
    name,
    store,
    withWriterLock,
    checkpointPolicy = CHECKPOINT_POLICY,
    cacheSizeBytes = DEFAULT_CACHE_SIZE_BYTES,
  }: CommitLogOptions) {
    this.mirror = new FileMirror(cacheSizeBytes);
    this.#stored = new StoredDatabase(name, store);
    this.#withWriterLock = withWriterLock;
    this.#checkpointer = new Checkpointer({
      stored: this.#stored,
      mirror: this.mirror,
      policy: checkpointPolicy,
      requestCount: () => this.#requestCount,
      onIdle: () => void this.checkpointStep(),
      reload: async () => {
        await this.#refresh('whole');
        return this.#requireMeta();
      },
    });
  }

  /** Takes the key of an encrypted database, before the first transaction. */
  useKey(key: EncryptionKey): void {
    this.#stored.useKey(key);
  }

  /** What waits for a checkpoint, and why. */
  get checkpointStatus(): CheckpointStatus {
    const waitingBytes = Math.max(this.#meta?.uncheckpointedBytes ?? 0, this.mirror.changedBytes);
    return { waitingBytes, failure: this.#checkpointer.failureAt(this.#meta) };
  }

  /** The form in which extents are stored; undefined before the first transaction. */
  get extentFormat(): ExtentFormat | undefined {
    return this.#meta?.extentFormat;
  }

  /** Opens the mirror for SQLite, which can use it within transactions only. */
  open(mode: FileOpenMode): StorageFile {
    const file = this.mirror.open(mode);
    const assertAccess = (sufficient: boolean): void => {
      if (!sufficient) throw outsideTransaction(this.#stored.name);
    };
    return {
      ...file,
      lock: (level) => {
        assertAccess(this.#access === 'write' || (this.#access === 'read' && level <= LockLevel.shared));
        return file.lock(level);
      },
      // With `locking_mode=EXCLUSIVE` SQLite writes without locking.
      write: (source, offset) => {
        assertAccess(this.#access === 'write');
        file.write(source, offset);
      },
      truncate: (sizeBytes) => {
        assertAccess(this.#access === 'write');
        file.truncate(sizeBytes);
      },
    };
  }

  close(): void {
    this.#checkpointer.close();
    this.#stored.close();
  }

  readTransaction<T>(work: () => T | Promise<T>): Promise<T> {
    const request = ++this.#requestCount;
    return this.#enqueue(async () => {
      if (this.#currentAt < request || this.#stored.ended) await this.#refresh();
      return this.#retryingUnreadable(() => this.#allowing('read', work));
    });
  }

  writeTransaction<T>(work: () => T | Promise<T>, onRollback: () => void): Promise<T> {
    this.#requestCount++;
    const write: Write<T> = { work, onRollback };
    return this.#enqueue(async () => {
      const isRefused = this.#meta !== undefined && this.#checkpointer.refuses(this.#meta);
      if (this.#meta && !isRefused && this.#cleanWritesNeeded === 0 && !this.mirror.unreadable) {
        const outcome = await this.#writeOptimistically(write);
        if (outcome) return outcome.value;
      }
      return this.#withWriterLock(async () => {
        await this.#refreshBeforeWrite();
        this.#cleanWritesNeeded = Math.max(0, this.#cleanWritesNeeded - 1);
        return this.#retryingUnreadable(() => this.#writeAndCommit(write));
      });
    });
  }

  /**
   * Gives the database another key, none, or its first one. Where it is encrypted before and after, its data key is
   * encrypted again, and the transactions of all contexts go on. Otherwise the whole file is stored again, in one
   * transaction, and every context has to open it again, this one too.
   * @throws {SqliteError} SQLITE_BUSY (5) when another context committed meanwhile; SQLITE_FULL (13), SQLITE_IOERR (10)
   * @throws {VfsError} `WRONG_KEY`, `KEY_REQUIRED`, `CORRUPT`
   */
  changeKey(newKey: EncryptionKey | undefined): Promise<void> {
    this.#requestCount++;
    return this.#enqueue(() =>
      this.#withWriterLock(async () => {
        await this.#refresh();
        const meta = this.#requireMeta();
        const count = extentCount(meta.sizeBytes);
        const whole = Array.from({ length: count }, (_, extentIndex) => extentIndex);
        if (meta.encryption && newKey !== undefined) {
          await this.#storeCommit(await this.#stored.rewrapped(meta, newKey), {
            sizeBytes: meta.sizeBytes,
            blocks: [],
          });
        } else if (meta.encryption ?? newKey) {
          const extents = this.mirror.extentsToStore(whole, meta.version + 1);
          await this.#stored.replace(meta, extents, newKey);
        }
      }),
    );
  }

  /** Takes one checkpoint step after the transactions that are already queued. */
  checkpointStep(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#meta) this.#meta = await this.#checkpointer.whileIdle(this.#meta);
    });
  }

  /** Runs transactions in the order of their requests. After a successful one come the checkpoint steps that are due. */
  #enqueue<T>(transaction: () => Promise<T>): Promise<T> {
    const result = this.#queue.run(() => {
      this.#assertUnlocked();
      return transaction();
    });
    void this.#queue.run(async () => {
      const succeeded = await result.then(
        () => true,
        () => false,
      );
      if (succeeded && this.#meta) this.#meta = await this.#checkpointer.afterTransaction(this.#meta);
    });
    return result;
  }

  /**
   * Under a lock that outlasted its transaction, SQLite would not notice the commits of other contexts and trust its
   * stale cache.
   * @throws {VfsError} IN_TRANSACTION
   */
  #assertUnlocked(): void {
    if (!this.mirror.locked) return;
    throw new VfsError('IN_TRANSACTION', `${this.#stored.name} is still locked by an earlier transaction`, {
      hint: 'Finish the statements of iterateStatements(), and leave locking_mode as it is.',
    });
  }

  /**
   * Runs work again, once, after it met stored bytes that could not be read: the handles of the extents may be out of
   * date, for instance after the browser restarted its storage. Fetching them again finds out whether the database is gone.
   */
  async #retryingUnreadable<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.mirror.unreadable) await this.#refresh();
    try {
      return await attempt();
    } catch (error) {
      if (!this.mirror.unreadable || error instanceof UncertainCommit) throw error;
      await this.#refresh();
      return attempt();
    }
  }

  async #allowing<T>(access: 'read' | 'write', work: () => T | Promise<T>): Promise<T> {
    this.#access = access;
    try {
      return await work();
    } finally {
      this.#access = 'none';
    }
  }

  /** Writes without looking for newer commits first. @returns undefined when there were some, after a rollback */
  async #writeOptimistically<T>(write: Write<T>): Promise<{ readonly value: T } | undefined> {
    const version = this.#meta?.version;
    let outcome: { readonly value: T } | { readonly error: unknown };
    try {
      outcome = { value: await this.#writeAndCommit(write) };
      if (this.#meta?.version !== version) return outcome;
    } catch (error) {
      if (error instanceof UncertainCommit) throw error;
      if (isVersionConflict(error) || this.mirror.unreadable) return undefined;
      outcome = { error };
    }
    // No commit has checked that the mirror was current, so the answer or the failure may be of an old state.
    try {
      await this.#refresh();
    } catch (error) {
      throw 'error' in outcome ? outcome.error : error;
    }
    if (this.#meta?.version !== version) return undefined;
    if ('error' in outcome) throw outcome.error;
    return outcome;
  }

  async #writeAndCommit<T>({ work, onRollback }: Write<T>): Promise<T> {
    try {
      const value = await this.#allowing('write', work);
      // After a call that failed the mirror may hold a part of a write, also when the work made nothing of it.
      if (this.mirror.dirty && this.mirror.unreadable) {
        throw new SqliteError(ResultCode.IOERR, 'stored bytes could not be read in this transaction');
      }
      if (this.mirror.dirty) await this.#commit();
      return value;
    } catch (error) {
      if (this.mirror.dirty) {
        this.mirror.rollback();
        // It reads, which may fail as well. The first failure is the one to report: the commit may be stored.
        await this.#allowing('read', onRollback).catch(() => undefined);
      }
      throw error;
    }
  }

  /**
   * Brings the mirror up to date with the commits of other contexts. Takes over all extents the first time, after a
   * checkpoint of another context, and when some could not be read.
   * @param needs - `whole`: take over all extents, whatever is known
   */
  async #refresh(needs?: 'whole'): Promise<void> {
    const known = this.#meta;
    const isUsable = needs !== 'whole' && !this.mirror.unreadable;
    const checkpointedVersion = isUsable ? this.#checkpointer.checkpointOfMirror : undefined;
    const requestCount = this.#requestCount;
    const { meta, whole, extents, commits } = await this.#stored.readSince(
      known && { version: known.version, checkpointedVersion, extents: this.mirror.extents },
    );
    if (whole) {
      this.mirror.load(extents, meta.sizeBytes);
      this.#checkpointer.restart(meta);
    } else if (known && meta.checkpointedVersion !== checkpointedVersion) {
      this.mirror.keepChanged(known.version);
      this.#checkpointer.skipTo(meta);
    }
    for (const { sizeBytes, patches } of commits) {
      this.mirror.apply({ sizeBytes, patches });
      this.#checkpointer.plan.addCommit({ sizeBytes, blocks: patches });
    }
    if (known && meta.version !== known.version) this.#cleanWritesNeeded = OPTIMISTIC_AFTER_WRITES;
    this.#meta = meta;
    this.#currentAt = requestCount;
  }

  /**
   * Refreshes before a write, and takes the checkpoint step without which it is refused. Begins again when another
   * context has stored something before that step.
   * @throws {SqliteError} SQLITE_FULL (13), SQLITE_IOERR (10)
   * @throws {VfsError} STORAGE_RESET when the database was removed
   */
  async #refreshBeforeWrite(): Promise<void> {
    let meta: StoreMeta | undefined;
    do {
      await this.#refresh();
      meta = await this.#checkpointer.beforeWrite(this.#requireMeta());
    } while (!meta);
    this.#meta = meta;
  }

  /**
   * Stores the mirror's changes.
   * @throws {SqliteError} SQLITE_BUSY (5) when another context committed first; SQLITE_FULL (13), SQLITE_IOERR (10)
   * @throws {UncertainCommit} when it cannot be found out whether the commit is stored
   */
  #commit(): Promise<void> {
    return this.#storeCommit(this.#requireMeta(), this.mirror.changes());
  }

  /** @param before - the meta record that the commit follows, with what it changes beside the file */
  async #storeCommit(before: StoreMeta, changes: MirrorChanges): Promise<void> {
    const extents = this.#checkpointer.extentsOfLargeCommit(changes);
    const commitId = randomCommitId();
    const parts = extents ? [] : encodeReading(changes, commitId);
    const requestCount = this.#requestCount;
    let expected = before;
    let next: StoreMeta;
    for (;;) {
      const recordBytes = this.#stored.recordSizeOf(parts);
      next = metaAfterCommit(expected, changes, {
        commitId,
        recordBytes,
        writesExtents: extents !== undefined,
      });
      try {
        // The commit is durable once this transaction has completed (`connection.browser.ts`).
        await this.#stored.compareAndSwap(expected, this.#storeChanges(next, parts, extents));
        this.#currentAt = requestCount;
      } catch (error) {
        if (isVersionConflict(error)) {
          const { stored } = error.cause;
          // Another context finished a checkpoint: content and version are unchanged, so commit again on top of it.
          if (stored?.version === expected.version) {
            this.#meta = stored;
            expected = { ...stored, ...(before.encryption && { encryption: before.encryption }) };
            continue;
          }
          this.#cleanWritesNeeded = OPTIMISTIC_AFTER_WRITES;
          throw error;
        }
        if (!(await this.#isCommitted(next.version, commitId, error))) {
          // It may be the handles of which the extents were composed.
          if (extents && isIoError(error)) this.mirror.distrustStored(error);
          throw error;
        }
      }
      this.#meta = next;
      break;
    }
    this.mirror.markCommitted();
    if (extents) await this.#checkpointer.commitStored(expected, next, extents);
    else this.#checkpointer.plan.addCommit(changes);
  }

  #storeChanges(
    meta: StoreMeta,
    parts: readonly ArrayBuffer[],
    extents: readonly number[] | undefined,
  ): StoreChanges {
    if (!extents) return { commit: { version: meta.version, parts }, meta };
    return {
      deleteExtentsFrom: extentCount(meta.sizeBytes),
      extents: this.mirror.extentsToStore(extents, meta.version),
      deleteCommitsUpTo: meta.version,
      meta,
    };
  }

  /**
   * True when a commit that the store reported as failed is stored all the same.
   * @throws {UncertainCommit} when that cannot be found out
   * @throws {VfsError} STORAGE_RESET when the database was removed
   */
  async #isCommitted(version: number, commitId: bigint, failure: unknown): Promise<boolean> {
    if (!isIoError(failure)) return false;
    let contained: boolean | undefined;
    try {
      contained = await this.#stored.containsCommit(version, commitId);
    } catch (error) {
      // The database was removed, and the commit with it.
      if (error instanceof VfsError && error.code === 'STORAGE_RESET') throw error;
      contained = undefined;
    }
    if (contained === undefined) throw new UncertainCommit(failure);
    return contained;
  }

  #requireMeta(): StoreMeta {
    if (!this.#meta) throw new VfsError('CLOSED', `${this.#stored.name} is not loaded`);
    return this.#meta;
  }
}

function isIoError(error: unknown): error is SqliteError {
  return error instanceof SqliteError && error.resultCode === ResultCode.IOERR;
}

function metaAfterCommit(
  meta: StoreMeta,
  changes: MirrorChanges,
  {
    commitId,
    recordBytes,
    writesExtents,
  }: {
    readonly commitId: bigint;
    readonly recordBytes: number;
    readonly writesExtents: boolean;
  },
): StoreMeta {
  const version = meta.version + 1;
  return {
    ...meta,
    version,
    sizeBytes: changes.sizeBytes,
    lastCommitId: commitIdText(commitId),
    ...(writesExtents
      ? { checkpointedVersion: version, uncheckpointedBytes: 0 }
      : { uncheckpointedBytes: meta.uncheckpointedBytes + recordBytes }),
  };
}

/** Encodes a commit. The blocks as they were before may have to be read from the store. */
function encodeReading(changes: MirrorChanges, commitId: bigint): ArrayBuffer[] {
  try {
    return encodeCommit(changes, commitId);
  } catch (error) {
    if (error instanceof VfsError) throw error;
    throw new SqliteError(ResultCode.IOERR, 'stored bytes cannot be read', error);
  }
}

/** Returns a random number of 64 bits, which distinguishes a commit from every other. */
function randomCommitId(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}
