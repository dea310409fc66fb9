/**
 * A database in IndexedDB, mirrored in memory.
 *
 *  1. A commit is one readwrite transaction: it reads `meta`, checks that epoch and version are the ones mirrored, puts
 *     what changed and the next version. It counts as durable when the transaction **completes**.
 *  2. That check (compare-and-swap) is what keeps tabs apart. While others write, the Web Lock makes conflicts rare;
 *     where it cannot be had in time, the commit goes on without it.
 *  3. On conflict or failure the mirror goes back to what is stored, and SQLite's cache is made to notice, before
 *     anything else happens. A failure that may have come after the commit is looked into: a commit that is stored is
 *     one, whatever the browser said of it.
 *  4. What a turn answers was true after the turn was asked for: a read takes over first what others committed. A write
 *     may run on what is mirrored, because its commit checks that; where there is nothing to commit, or it fails, that
 *     is looked up before anybody hears of it. A write that turns out to have seen an old state is taken back and run
 *     again.
 *  5. What cannot be read is never overwritten: an unknown format is `UNREADABLE_STORAGE`, another epoch (or none) where
 *     there was one is `STORAGE_RESET`, for good.
 *  6. Turns come one after the other. Small commits are folded into extents in steps between them, while nothing else is to do
 *     or when it cannot be put off any longer; a step checks the version like a commit does.
 */
import { SqliteError, UncertainCommit, VfsError } from '../../errors.ts';
import { encodeCommit } from './commit-record.ts';
import { BLOCK_SIZE_BYTES, PageMirror } from './file-mirror.ts';
import { ResultCode } from '../../result-codes.ts';
import type { StorageTransactions } from '../../contract/storage-transactions.ts';
import type {
  FileOpenMode,
  FileRole,
  Storage,
  StorageCapabilities,
  StorageFile,
} from '../../contract/storage.ts';
import { FoldPlan, type FoldStep } from './checkpoint-plan.browser.ts';
import {
  blocksWithin,
  commitKey,
  commitsUpTo,
  EXTENT_SIZE_BYTES,
  extentCount,
  extentKey,
  extentOf,
  extentsFrom,
  META_KEY,
  type StoreMeta,
} from './layout.browser.ts';
import { assemble } from './loading.browser.ts';
import { type Conflict, isConflict, StoredDatabase } from './commit-store.browser.ts';
import { withWriterLock } from './writer-lock.browser.ts';

/** Options of {@link indexedDbStorage}. */
export interface IndexedDbStorageOptions {
  /**
   * `strict`: a commit survives loss of power. `relaxed`: it survives the end of the browser, but the operating system
   * may still hold the last commits when power goes; about twice as fast.
   * @default 'strict'
   */
  readonly durability?: 'strict' | 'relaxed';
}

/** Commits are folded into extents when they outweigh a sixteenth of the file, so that the cost stays in proportion. */
const FOLD_SHARE = 16;
const FOLD_AT_LEAST_BYTES: number = 2 * 1024 * 1024;
/** How long nobody must have asked for anything before a step of a fold is taken, in milliseconds. */
const FOLD_AFTER_IDLE_MS = 30;
/**
 * Folding can be put off until there is this many times what makes it due: from then on, a step after every turn. In a
 * small file every extent changes all the time, and a round writes the whole of it, so rounds are at least so far apart;
 * opening takes three times as long for a byte in commits as for one in extents, so not further.
 */
const FOLD_OVERDUE_TIMES = 2;
const FOLD_OVERDUE_AT_LEAST_BYTES: number = 8 * 1024 * 1024;
/** Large commits outrun that: from this many times what is overdue on, as many steps as it takes. */
const FOLD_PRESSING_TIMES = 1.5;
/**
 * A commit that changes this much (an imported file, a VACUUM) is stored as extents at once, unless it is scattered over
 * many times as many: as a record it would be written twice, and make opening slow until it is folded.
 */
const LARGE_COMMIT_BYTES: number = 8 * 1024 * 1024;
const FOLDING_COMMIT_TIMES = 2;
/** After somebody else has committed: how many writes in a row must find nothing new before the next goes unprepared. */
const ALONE_AFTER_WRITES = 16;

class IndexedDbStorage implements Storage, StorageTransactions {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  readonly transactions: StorageTransactions = this;
  readonly #stored: StoredDatabase;
  readonly #mirror: PageMirror = new PageMirror();
  readonly #foldPlan: FoldPlan = new FoldPlan();
  /** What is mirrored. */
  #meta: StoreMeta | undefined;
  #line: Promise<unknown> = Promise.resolve();
  /** Turns asked for so far, and how many of them had been when what is mirrored was last seen to be the latest. */
  #asked = 0;
  #freshFor = 0;
  /** How many writes have to find nothing new before we count as alone. */
  #writesUntilAlone = 0;
  #foldTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string, durability: 'strict' | 'relaxed') {
    this.name = name;
    this.#stored = new StoredDatabase(name, durability);
    this.capabilities = {
      kind: 'indexeddb',
      persistent: true,
      multiProcess: true,
      syncSurvives: durability === 'strict' ? 'power loss' : 'process end',
      atomicCommit: true,
      lockProvider:
        typeof navigator.locks === 'undefined' ? 'compare-and-swap' : 'Web Locks and compare-and-swap',
    };
  }

  open(role: FileRole, mode: FileOpenMode): StorageFile {
    if (role !== 'main') throw new Error(`a mirrored database has no ${role} file`);
    return this.#mirror.open(mode);
  }

  delete(role: FileRole): void {
    throw Object.assign(new Error(`a mirrored database has no ${role} file to delete`), { code: 'ENOENT' });
  }

  exists(role: FileRole): boolean {
    return role === 'main' && this.#mirror.sizeBytes > 0;
  }

  close(): void {
    clearTimeout(this.#foldTimer);
    this.#stored.close();
  }

  readTransaction<Output>(work: () => Output | Promise<Output>): Promise<Output> {
    const turn = ++this.#asked;
    return this.#inLine(async () => {
      if (this.#freshFor < turn || this.#stored.ended) await this.#refresh();
      return work();
    });
  }

  writeTransaction<Output>(work: () => Output | Promise<Output>, onRollback: () => void): Promise<Output> {
    this.#asked++;
    return this.#inLine(async () => {
      if (this.#meta && this.#writesUntilAlone === 0) {
        const unprepared = await this.#writeUnprepared(work, onRollback);
        if (unprepared) return unprepared.output;
      }
      return withWriterLock(this.name, async () => {
        await this.#refresh();
        this.#writesUntilAlone = Math.max(0, this.#writesUntilAlone - 1);
        return this.#attempt(work, onRollback);
      });
    });
  }

  /** @returns undefined when others have committed meanwhile; nothing of the attempt is left then */
  async #writeUnprepared<Output>(
    work: () => Output | Promise<Output>,
    onRollback: () => void,
  ): Promise<{ output: Output } | undefined> {
    const version = this.#meta?.version;
    let outcome: { output: Output } | { error: unknown };
    try {
      const output = await this.#attempt(work, onRollback);
      if (this.#meta?.version !== version) return { output };
      outcome = { output };
    } catch (error) {
      if (isConflict(error)) return undefined;
      if (error instanceof UncertainCommit) throw error;
      outcome = { error };
    }
    // No commit has checked that what this saw is what is stored.
    try {
      await this.#refresh();
    } catch (error) {
      throw 'error' in outcome ? outcome.error : error;
    }
    if (this.#meta?.version !== version) return undefined;
    if ('error' in outcome) throw outcome.error;
    return outcome;
  }

  async #attempt<Output>(work: () => Output | Promise<Output>, onRollback: () => void): Promise<Output> {
    try {
      const output = await work();
      if (this.#mirror.dirty) await this.#commit();
      return output;
    } catch (error) {
      if (this.#mirror.dirty) {
        this.#mirror.revert();
        onRollback();
      }
      throw error;
    }
  }

  #inLine<Output>(turn: () => Promise<Output>): Promise<Output> {
    const mine = this.#line.then(turn);
    this.#line = mine.then(
      () => this.#foldIfDue(),
      // A turn's failure is its caller's.
      () => undefined,
    );
    return mine;
  }

  /** Takes over what others committed since our version; the first time, everything. */
  async #refresh(): Promise<void> {
    const known = this.#meta;
    const asked = this.#asked;
    const { meta, whole, extents, commits } = await this.#stored.since(known);
    if (whole) {
      this.#mirror.clear();
      this.#foldPlan.restart(meta);
      assemble(this.#mirror, extents, commits);
    }
    for (const { sizeBytes, patches } of commits) {
      if (!whole) {
        this.#mirror.adopt(patches);
        this.#mirror.adoptSize(sizeBytes);
      }
      this.#foldPlan.note({ sizeBytes, blocks: patches });
    }
    this.#mirror.adoptSize(meta.sizeBytes);
    if (known && meta.version !== known.version) this.#writesUntilAlone = ALONE_AFTER_WRITES;
    this.#meta = meta;
    this.#freshFor = asked;
  }

  async #commit(): Promise<void> {
    const changes = this.#mirror.changes();
    const changedBytes = changes.blocks.length * BLOCK_SIZE_BYTES;
    const extents = changedBytes < LARGE_COMMIT_BYTES ? [] : this.#foldPlan.leftWith(changes);
    const folds =
      extents.length > 0 && extents.length * EXTENT_SIZE_BYTES <= FOLDING_COMMIT_TIMES * changedBytes;
    const commitId = newCommitId();
    const parts = folds ? [] : encodeCommit(changes, commitId);
    const recordBytes = parts.reduce((total, part) => total + part.byteLength, 0);
    const asked = this.#asked;
    for (;;) {
      const mirrored = this.#requireMeta();
      const version = mirrored.version + 1;
      const next: StoreMeta = {
        ...mirrored,
        version,
        sizeBytes: changes.sizeBytes,
        ...(folds
          ? { foldedVersion: version, unfoldedBytes: 0 }
          : { unfoldedBytes: mirrored.unfoldedBytes + recordBytes }),
      };
      try {
        await this.#stored.swap(mirrored, (store) => {
          for (const [index, part] of parts.entries()) store.put(part, commitKey(version, index));
          if (folds) this.#foldWithin(store, extents, version);
          store.put(next, META_KEY);
        });
        this.#freshFor = asked;
      } catch (error) {
        if (isConflict(error)) {
          this.#meta = this.#afterFold(mirrored, error);
          continue;
        }
        if (!(await this.#stands(version, commitId, error))) throw error;
      }
      this.#meta = next;
      break;
    }
    this.#mirror.settle();
    if (folds) this.#foldPlan.allFolded(changes.sizeBytes);
    else this.#foldPlan.note(changes);
  }

  /** All that is left to fold, and every commit goes. */
  #foldWithin(store: IDBObjectStore, extents: readonly number[], version: number): void {
    store.delete(extentsFrom(extentCount(this.#mirror.sizeBytes)));
    for (const index of extents) this.#putExtent(store, index);
    store.delete(commitsUpTo(version));
  }

  /** Another tab has folded, which leaves the content and the version as they are; @throws if it was a commit */
  #afterFold(mirrored: StoreMeta, conflict: SqliteError & { readonly cause: Conflict }): StoreMeta {
    const { stored } = conflict.cause;
    if (stored?.version === mirrored.version) return stored;
    this.#writesUntilAlone = ALONE_AFTER_WRITES;
    throw conflict;
  }

  /**
   * Whether a commit that the browser reported as failed is stored all the same.
   * @throws UncertainCommit when nobody can tell
   */
  async #stands(version: number, commitId: bigint, failure: unknown): Promise<boolean> {
    if (!(failure instanceof SqliteError) || failure.resultCode !== ResultCode.IOERR) return false;
    let stands: boolean | undefined;
    try {
      stands = await this.#stored.holdsCommit(version, commitId);
    } catch {
      stands = undefined;
    }
    if (stands === undefined) throw new UncertainCommit(failure);
    return stands;
  }

  #requireMeta(): StoreMeta {
    if (!this.#meta) throw new VfsError('CLOSED', `${this.name} is not loaded`);
    return this.#meta;
  }

  /** After a turn: takes a step of a fold that is overdue, or waits for a quiet moment for one that is due. */
  async #foldIfDue(): Promise<void> {
    const meta = this.#meta;
    if (!meta || !this.#mayFold) return;
    const dueBytes = Math.max(FOLD_AT_LEAST_BYTES, meta.sizeBytes / FOLD_SHARE);
    const overdueBytes = Math.max(FOLD_OVERDUE_AT_LEAST_BYTES, dueBytes * FOLD_OVERDUE_TIMES);
    if (meta.unfoldedBytes >= overdueBytes) {
      const pressing = (): boolean =>
        (this.#meta ?? meta).unfoldedBytes >= overdueBytes * FOLD_PRESSING_TIMES;
      while ((await this.#fold(this.#meta ?? meta)) && pressing());
      this.#foldWhenIdle();
    } else if (meta.unfoldedBytes >= dueBytes || this.#foldPlan.underWay) this.#foldWhenIdle();
  }

  #foldWhenIdle(): void {
    const asked = this.#asked;
    this.#foldTimer ??= setTimeout(() => {
      this.#foldTimer = undefined;
      if (this.#asked !== asked) return this.#foldWhenIdle();
      this.#line = this.#line.then(() => this.#foldWhileIdle());
    }, FOLD_AFTER_IDLE_MS);
  }

  async #foldWhileIdle(): Promise<void> {
    // After a failure nothing more until the next turn: it may be the room that is missing.
    if (this.#meta && this.#mayFold && (await this.#fold(this.#meta))) await this.#foldIfDue();
  }

  /** A lost connection is opened again for somebody who asks for something, and not for tidying up. */
  get #mayFold(): boolean {
    return !this.#stored.ended && this.#stored.connected;
  }

  /** @returns whether a step was taken; one that fails has changed nothing */
  async #fold(meta: StoreMeta): Promise<boolean> {
    const step = this.#foldPlan.next(meta);
    const folded = foldedMeta(meta, step);
    try {
      await this.#stored.swap(meta, (store) => {
        store.delete(extentsFrom(extentCount(meta.sizeBytes)));
        if (step.kind === 'write') {
          for (const index of step.extents) this.#putExtent(store, index);
          return;
        }
        store.delete(commitsUpTo(step.version));
        store.put(folded, META_KEY);
      });
      this.#meta = folded;
      this.#foldPlan.done(step);
      return true;
    } catch {
      this.#foldPlan.failed();
      return false;
    }
  }

  #putExtent(store: IDBObjectStore, index: number): void {
    if (blocksWithin(index, this.#mirror.sizeBytes) === 0) store.delete(extentKey(index));
    else store.put(extentOf(this.#mirror, index), extentKey(index));
  }
}

function foldedMeta(meta: StoreMeta, step: FoldStep): StoreMeta {
  if (step.kind === 'write') return meta;
  return { ...meta, foldedVersion: step.version, unfoldedBytes: meta.unfoldedBytes - step.bytes };
}

/** Tells a commit from every other, by lot. */
function newCommitId(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}

/**
 * A database in IndexedDB. Any number of tabs and workers may open the same name; each has the whole file in memory.
 * @param name - of the IndexedDB database
 */
export function indexedDbStorage(name: string, options: IndexedDbStorageOptions = {}): Storage {
  return new IndexedDbStorage(name, options.durability ?? 'strict');
}
