/**
 * A database in the origin private file system, read and written in place through synchronous access handles.
 *
 *  1. SQLite's own rollback journal makes a commit atomic. When a tab is killed during a transaction, SQLite rolls the
 *     rest of it back as soon as the next context reads the database. When an exclusive owner is killed, the next context
 *     that opens the database takes over its write-ahead log.
 *  2. `sync` is the handle's `flush`: when a commit returns, it is as durable as the browser can make it.
 *  3. Pages are read when SQLite asks for them. Between transactions only SQLite's own cache keeps any. SQLite compares
 *     the file change counter at the beginning of every transaction and drops its cache when another context committed.
 *  4. Files are accessible only within a transaction of the storage, for which this context holds the lease
 *     (`handle-lease.browser.ts`). Outside of one, every call is `OUTSIDE_TRANSACTION`, unless it needs no new lock:
 *     an exclusive owner and an unfinished statement keep theirs, and the files with them.
 *  5. A database that was removed or replaced since this storage's first transaction is `STORAGE_RESET`, for good. The
 *     storage never adopts an empty database in its place.
 */
import { SqliteError, VfsError, outsideTransaction } from '../../errors.ts';
import type { LockLevel } from '../../contract/database-lock.ts';
import { InProcessLock } from '../../locks/in-process-lock.ts';
import { ResultCode } from '../../result-codes.ts';
import type {
  FileOpenMode,
  FileRole,
  Storage,
  StorageCapabilities,
  StorageFile,
} from '../../contract/storage.ts';
import type { StorageTransactions } from '../../contract/storage-transactions.ts';
import { systemError } from '../../contract/system-error.ts';
import { checkedCount, hasSyncAccess } from './access-handle.browser.ts';
import { databaseExists, type DatabaseFiles } from './layout.browser.ts';
import { HandleLease } from './handle-lease.browser.ts';

/** Options of {@link opfsStorage}. */
export interface OpfsStorageOptions {
  /** Make the database if it is missing. @default true */
  readonly create?: boolean;
}

/** One lease for each database, shared by all connections of this context. */
const leases = new Map<string, HandleLease>();

function leaseOf(name: string): HandleLease {
  let lease = leases.get(name);
  if (!lease) leases.set(name, (lease = new HandleLease(name)));
  return lease;
}

class OpfsFile implements StorageFile {
  readonly readOnly: boolean;
  readonly #lease: HandleLease;
  readonly #role: FileRole;
  readonly #lock: InProcessLock;

  constructor(lease: HandleLease, role: FileRole, readOnly: boolean) {
    this.#lease = lease;
    this.#role = role;
    this.#lock = new InProcessLock(lease.locks);
    this.readOnly = readOnly;
  }

  read(target: Uint8Array, offset: number): number {
    const handle = this.#lease.handle(this.#role);
    let done = 0;
    while (done < target.length) {
      const rest = target.subarray(done);
      const count = checkedCount(handle.read(rest, { at: offset + done }), rest.length);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(source: Uint8Array, offset: number): void {
    this.#refuseReadOnly();
    const handle = this.#lease.handle(this.#role);
    // The file may have been opened in an earlier lease and have been empty when this one began.
    this.#lease.present.add(this.#role);
    if (this.#role === 'journal') this.#lease.flushFormerJournal();
    for (let done = 0; done < source.length;) {
      const rest = source.subarray(done);
      const count = checkedCount(handle.write(rest, { at: offset + done }), rest.length);
      if (count === 0) throw new DOMException('The browser wrote nothing', 'QuotaExceededError');
      done += count;
    }
  }

  truncate(sizeBytes: number): void {
    this.#refuseReadOnly();
    this.#lease.handle(this.#role).truncate(sizeBytes);
  }

  sync(): void {
    this.#lease.handle(this.#role).flush();
  }

  sizeBytes(): number {
    return this.#lease.handle(this.#role).getSize();
  }

  lock(level: LockLevel): boolean {
    if (!this.#lease.inUse) throw outsideTransaction(this.#lease.name);
    return this.#lock.acquire(level);
  }

  unlock(level: LockLevel): void {
    this.#lock.release(level);
    this.#lease.releaseIfRequested();
  }

  reserved(): boolean {
    return this.#lock.reserved();
  }

  close(): void {
    this.unlock(0);
  }

  #refuseReadOnly(): void {
    if (this.readOnly) throw systemError('EBADF', 'opened for reading only');
  }
}

class OpfsStorage implements Storage, StorageTransactions {
  readonly name: string;
  readonly capabilities: StorageCapabilities = {
    kind: 'opfs',
    persistent: true,
    multiProcess: true,
    syncSurvives: 'power loss',
    atomicCommit: false,
    privateFiles: true,
    lockProvider: 'Web Locks and exclusive handles',
  };
  readonly transactions: StorageTransactions = this;
  readonly #lease: HandleLease;
  readonly #create: boolean;
  /** The files as the first transaction found them. */
  #files: DatabaseFiles | undefined;
  #failure: VfsError | undefined;

  constructor(name: string, create: boolean) {
    this.name = name;
    this.#create = create;
    this.#lease = leaseOf(name);
  }

  open(role: FileRole, mode: FileOpenMode): StorageFile {
    const { present } = this.#lease;
    if (present.has(role)) {
      if (mode.exclusive) throw systemError('EEXIST', `the ${role} file exists`);
    } else {
      if (!mode.create || mode.readOnly) throw missing(role);
      present.add(role);
    }
    return new OpfsFile(this.#lease, role, mode.readOnly);
  }

  delete(role: FileRole, { syncDirectory }: { readonly syncDirectory: boolean }): void {
    if (!this.#lease.present.delete(role)) throw missing(role);
    const handle = this.#lease.handle(role);
    handle.truncate(0);
    if (syncDirectory) handle.flush();
  }

  exists(role: FileRole): boolean {
    return this.#lease.handle(role).getSize() > 0;
  }

  close(): void {
    this.#failure ??= new VfsError('CLOSED', `${this.name} is closed`);
    this.#lease.release();
  }

  async readTransaction<T>(work: () => T | Promise<T>): Promise<T> {
    await this.#begin();
    try {
      return await work();
    } catch (error) {
      // A handle that has failed may be dead, so the next transaction opens the files again.
      this.#lease.release();
      throw error;
    } finally {
      this.#lease.endAccess();
    }
  }

  /** SQLite's commit stores the transaction, and its journal undoes one that failed, so this needs no more than a read. */
  writeTransaction<T>(work: () => T | Promise<T>): Promise<T> {
    return this.readTransaction(work);
  }

  async #begin(): Promise<void> {
    if (this.#failure) throw this.#failure;
    assertSynchronousAccess();
    try {
      if (!this.#create && !this.#files && !(await databaseExists(this.name))) {
        throw new VfsError('NOT_FOUND', `there is no database ${this.name} in the private file system`);
      }
      this.#files = await this.#lease.beginAccess(this.#files);
    } catch (error) {
      if (error instanceof SqliteError) throw error;
      if (!(error instanceof VfsError)) {
        throw new SqliteError(
          ResultCode.IOERR,
          `the private file system failed: ${(error as Error).message}`,
          error,
        );
      }
      if (error.code === 'STORAGE_RESET') this.#failure = error;
      throw error;
    }
  }
}

/** Refuses contexts without synchronous access to files, and names the way out of each. */
function assertSynchronousAccess(): void {
  if (!globalThis.isSecureContext) {
    throw unavailable(
      'only pages served over https or from localhost have OPFS',
      'Serve the page over https, or open the database in IndexedDB.',
    );
  }
  const { storage, locks } = navigator as Partial<Navigator>;
  const hasDirectory = typeof storage?.getDirectory === 'function';
  if (!hasDirectory || (!hasSyncAccess() && isDedicatedWorker()) || locks === undefined) {
    throw unavailable('this browser has no OPFS', 'Open the database in IndexedDB, which this browser has.');
  }
  if (!hasSyncAccess()) {
    throw unavailable(
      'only dedicated workers have synchronous access to files',
      'Open the database in a worker.',
    );
  }
}

function isDedicatedWorker(): boolean {
  return 'DedicatedWorkerGlobalScope' in globalThis;
}

function unavailable(message: string, hint: string): VfsError {
  return new VfsError('STORAGE_UNAVAILABLE', message, { hint });
}

function missing(role: FileRole): Error {
  return systemError('ENOENT', `no ${role} file`);
}

/**
 * A database in the origin private file system (OPFS), for dedicated workers. Any number of tabs and workers may open the
 * same name; their transactions run one after the other.
 * @param name - of the database, any text
 * @throws {VfsError} from its first transaction: `NOT_FOUND` when it is missing and is not to be made
 */
export function opfsStorage(name: string, options: OpfsStorageOptions = {}): Storage {
  return new OpfsStorage(name, options.create ?? true);
}
