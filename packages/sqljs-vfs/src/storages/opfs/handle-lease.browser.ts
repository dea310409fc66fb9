/**
 * The lease of a database's access handles. They are exclusive across tabs and workers, so contexts use them one after the other:
 *
 *  1. Only the holder of the Web Lock named after the database opens its files. It closes them before it releases the
 *     lock.
 *  2. A lease outlasts an access, because acquiring it takes milliseconds. It ends when another context requests it, when
 *     it has been idle for a short while, or when a storage of this context is closed.
 *  3. It never ends during an access, nor while a connection holds one of SQLite's locks: the content that SQLite saw
 *     under its lock stays unchanged until it unlocks.
 *  4. After a release request, no access begins until the running ones have ended and the lease has changed hands.
 *  5. All connections of a context to a database share its lease. SQLite's locks, kept in memory, keep them apart.
 *  6. A lost release request only delays the hand-over. The Web Lock guarantees exclusion.
 */
import type { FileRole } from '../../contract/storage.ts';
import { SqliteError, VfsError, outsideTransaction } from '../../errors.ts';
import { InProcessLockTable } from '../../locks/in-process-lock.ts';
import { acquireWebLock } from '../../locks/web-lock.browser.ts';
import { ResultCode } from '../../result-codes.ts';
import { pause } from '../../retry.ts';
import { type SyncAccessHandle, closeAccessHandles, openAccessHandle } from './access-handle.browser.ts';
import { type DatabaseFiles, FILE_ROLES, locateDatabase } from './layout.browser.ts';

/** The time to wait for the lock before the caller gets SQLITE_BUSY. Callers retry until their own deadline. */
const LOCK_TIMEOUT_MS = 2000;
/** A page that goes into the back-forward cache must not keep its files. */
const IDLE_MS = 100;
/** Accesses may follow each other without the event loop delivering release requests, so it is yielded to this often. */
const YIELD_EVERY_MS = 50;

/** Messages between contexts: a waiting one requests the release; a new holder makes the others repeat requests that it may have missed. */
type LeaseMessage = 'release requested' | 'acquired';

type AccessHandles = Readonly<Record<FileRole, SyncAccessHandle>>;

interface OpenFiles {
  readonly handles: AccessHandles;
  /** Files that exist for SQLite. On disk all of them do, because making a file is asynchronous. */
  readonly present: Set<FileRole>;
}

/** A lease that this context holds. */
interface Lease extends OpenFiles {
  readonly channel: BroadcastChannel;
  readonly releaseLock: () => void;
  /**
   * True until the changes of the former holder to the journal are durable. A tab that is killed between emptying the
   * journal and its flush leaves the old one on the disk, and records written over it would make it a mixture.
   */
  journalFlushDue: boolean;
}

/** The lease of one database's files, as this context holds it or not. */
export class HandleLease {
  readonly locks: InProcessLockTable = new InProcessLockTable();
  /** Of the database. */
  readonly name: string;
  readonly #lockName: string;
  #files: DatabaseFiles | undefined;
  #lease: Lease | undefined;
  #acquiring: Promise<void> | undefined;
  /** Number of running accesses. */
  #accesses = 0;
  #yieldedAt = 0;
  #releaseRequested = false;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  /** Callers that wait until the running accesses have ended. */
  #waiting: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
    this.#lockName = `sqljs-vfs-opfs:${name}`;
  }

  /**
   * Begins an access. Acquires the lease if necessary.
   * @param known - the files as an earlier access found them; they must still be the same
   * @returns the files as they are now
   * @throws {SqliteError} SQLITE_BUSY (5) when another context keeps them
   * @throws {VfsError} `STORAGE_RESET` when the known files are gone
   */
  async beginAccess(known: DatabaseFiles | undefined): Promise<DatabaseFiles> {
    // While a connection holds an SQLite lock, a release request could not be honoured, so there is no need to look.
    if (!this.#locked && performance.now() - this.#yieldedAt > YIELD_EVERY_MS) await this.#yield();
    for (;;) {
      if (this.#accesses > 0 && this.#releaseRequested) {
        await new Promise<void>((resolve) => void this.#waiting.push(resolve));
      } else if (this.#lease && this.#files) {
        if (known && known !== this.#files) throw this.#reset();
        clearTimeout(this.#idleTimer);
        this.#accesses++;
        return this.#files;
      } else {
        this.#acquiring ??= this.#acquire().finally(() => (this.#acquiring = undefined));
        await this.#acquiring;
      }
    }
  }

  /** Ends an access. */
  endAccess(): void {
    this.#accesses--;
    if (this.#accesses > 0) return;
    if (this.#releaseRequested) this.release();
    else if (!this.#locked) this.#releaseWhenIdle();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Releases the lease, now or as soon as accesses and SQLite's locks allow it. */
  release(): void {
    this.#releaseRequested = true;
    const lease = this.#lease;
    if (!lease || this.#accesses > 0 || this.#locked) return;
    clearTimeout(this.#idleTimer);
    this.#lease = undefined;
    this.#releaseRequested = false;
    closeAccessHandles(Object.values(lease.handles));
    lease.channel.close();
    lease.releaseLock();
  }

  /** Releases the lease after an SQLite unlock, if that is what a release request was waiting for. */
  releaseIfRequested(): void {
    if (this.#releaseRequested && this.#accesses === 0) this.release();
  }

  /** True during an access. */
  get inUse(): boolean {
    return this.#accesses > 0;
  }

  /** Files that exist for SQLite. @throws {VfsError} `OUTSIDE_TRANSACTION` */
  get present(): Set<FileRole> {
    return this.#requireLease().present;
  }

  /** @throws {VfsError} `OUTSIDE_TRANSACTION` */
  handle(role: FileRole): SyncAccessHandle {
    return this.#requireLease().handles[role];
  }

  /** Makes the former holder's changes to the journal durable, once in a lease. Called before the journal is written. */
  flushFormerJournal(): void {
    const lease = this.#requireLease();
    if (lease.journalFlushDue) lease.handles.journal.flush();
    lease.journalFlushDue = false;
  }

  /** True when a connection holds one of SQLite's locks: within a transaction, or as the exclusive owner. */
  get #locked(): boolean {
    return this.locks.shared.size > 0 || this.locks.writer !== undefined;
  }

  #releaseWhenIdle(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.release(), IDLE_MS);
  }

  async #yield(): Promise<void> {
    await pause(0);
    this.#yieldedAt = performance.now();
  }

  #requireLease(): Lease {
    if (this.#lease) return this.#lease;
    throw outsideTransaction(this.name);
  }

  #reset(): VfsError {
    return new VfsError('STORAGE_RESET', `${this.name} was removed or replaced while it was open`, {
      hint: 'Open it again, and import a copy if you have one.',
    });
  }

  async #acquire(): Promise<void> {
    const channel = new BroadcastChannel(this.#lockName);
    const post = (message: LeaseMessage): void => channel.postMessage(message);
    channel.addEventListener('message', ({ data }: MessageEvent<LeaseMessage>) => {
      if (this.#lease && data === 'release requested') this.release();
      // The new holder may not have received requests that were sent before it listened.
      if (!this.#lease && data === 'acquired') post('release requested');
    });
    let releaseLock: (() => void) | undefined;
    try {
      const granted = acquireWebLock(this.#lockName, LOCK_TIMEOUT_MS);
      post('release requested');
      releaseLock = await granted;
      if (!releaseLock) throw new SqliteError(ResultCode.BUSY, 'another context keeps the database');
      const files = await this.#openFiles();
      this.#releaseRequested = false;
      post('acquired');
      this.#lease = { ...files, channel, releaseLock, journalFlushDue: true };
      this.#releaseWhenIdle();
    } catch (error) {
      channel.close();
      releaseLock?.();
      throw error;
    }
  }

  async #openFiles(): Promise<OpenFiles> {
    const known = this.#files;
    if (known) {
      try {
        return await openAll(known);
      } catch (error) {
        if ((error as { name?: unknown } | null)?.name !== 'NotFoundError') throw error;
      }
    }
    // Not located yet, or gone. A storage that knew the old files will see that these are others.
    this.#files = await locateDatabase(this.name);
    return openAll(this.#files);
  }
}

async function openAll(files: DatabaseFiles): Promise<OpenFiles> {
  const opened = await Promise.allSettled(FILE_ROLES.map((role) => openAccessHandle(files[role])));
  const open = opened.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  try {
    const failure = opened.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
    const [main, journal, wal] = open;
    const handles = { main, journal, wal } as AccessHandles;
    return { handles, present: new Set(FILE_ROLES.filter((role) => handles[role].getSize() > 0)) };
  } catch (error) {
    closeAccessHandles(open);
    throw error;
  }
}
