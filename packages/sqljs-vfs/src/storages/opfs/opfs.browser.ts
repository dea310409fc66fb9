/**
 * A database in the origin's private file system, read and written in place by synchronous access handles.
 *
 *  1. SQLite's own rollback journal makes a commit atomic. What a tab killed half way left is rolled back by SQLite when
 *     the next context reads the database; the log of an owner that was killed is taken over by whoever opens next.
 *  2. `sync` is the handle's `flush`: when a commit returns, it is as durable as the browser can make it.
 *  3. Pages are read when SQLite asks for them, and nothing is kept between turns but SQLite's own cache, which compares
 *     the file change counter at the beginning of every transaction and drops itself when another context has committed.
 *  4. Files are reached only within a turn, which holds them for this context (`tenure.browser.ts`). Outside one, a lock
 *     is refused like somebody else's, and everything else is an error.
 *  5. A database that was removed or replaced since this storage's first turn is `STORAGE_RESET`, for good: nothing
 *     empty is adopted in its place.
 */
import { SqliteError, VfsError } from '../../errors.ts';
import type { LockLevel } from '../../contract/database-lock.ts';
import { InProcessLock } from '../../locks/in-process-lock.ts';
import { ResultCode } from '../../result-codes.ts';
import type { StorageTransactions } from '../../contract/storage-transactions.ts';
import type {
  FileOpenMode,
  FileRole,
  Storage,
  StorageCapabilities,
  StorageFile,
} from '../../contract/storage.ts';
import { checkedCount, hasSyncAccess } from './access-handle.browser.ts';
import type { DatabaseFiles } from './layout.browser.ts';
import { FileTenure } from './handle-lease.browser.ts';

/** One a database, whatever the number of connections in this context. */
const tenures = new Map<string, FileTenure>();

function tenureOf(name: string): FileTenure {
  let tenure = tenures.get(name);
  if (!tenure) tenures.set(name, (tenure = new FileTenure(name)));
  return tenure;
}

class OpfsFile implements StorageFile {
  readonly readOnly: boolean;
  readonly #tenure: FileTenure;
  readonly #role: FileRole;
  readonly #lock: InProcessLock;

  constructor(tenure: FileTenure, role: FileRole, readOnly: boolean) {
    this.#tenure = tenure;
    this.#role = role;
    this.#lock = new InProcessLock(tenure.locks);
    this.readOnly = readOnly;
  }

  read(target: Uint8Array, offset: number): number {
    const handle = this.#tenure.handle(this.#role);
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
    const handle = this.#tenure.handle(this.#role);
    // It was opened in an earlier tenure, perhaps, and was empty when this one began.
    this.#tenure.present.add(this.#role);
    for (let done = 0; done < source.length;) {
      const rest = source.subarray(done);
      const count = checkedCount(handle.write(rest, { at: offset + done }), rest.length);
      if (count === 0) throw new DOMException('The browser wrote nothing', 'QuotaExceededError');
      done += count;
    }
  }

  truncate(sizeBytes: number): void {
    this.#refuseReadOnly();
    this.#tenure.handle(this.#role).truncate(sizeBytes);
  }

  sync(): void {
    this.#tenure.handle(this.#role).flush();
  }

  sizeBytes(): number {
    return this.#tenure.handle(this.#role).getSize();
  }

  lock(level: LockLevel): boolean {
    return this.#tenure.held && this.#lock.acquire(level);
  }

  unlock(level: LockLevel): void {
    this.#lock.release(level);
    this.#tenure.unlocked();
  }

  reserved(): boolean {
    return this.#lock.reserved();
  }

  close(): void {
    this.unlock(0);
  }

  #refuseReadOnly(): void {
    if (this.readOnly) throw Object.assign(new Error('opened for reading only'), { code: 'EBADF' });
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
  readonly #tenure: FileTenure;
  /** The files as they were at the first turn. */
  #files: DatabaseFiles | undefined;
  #failure: VfsError | undefined;

  constructor(name: string) {
    this.name = name;
    this.#tenure = tenureOf(name);
  }

  open(role: FileRole, mode: FileOpenMode): StorageFile {
    const { present } = this.#tenure;
    if (present.has(role)) {
      if (mode.exclusive) throw Object.assign(new Error(`${role} file exists`), { code: 'EEXIST' });
    } else {
      if (!mode.create || mode.readOnly) throw missing(role);
      present.add(role);
    }
    return new OpfsFile(this.#tenure, role, mode.readOnly);
  }

  delete(role: FileRole, { syncDirectory }: { readonly syncDirectory: boolean }): void {
    if (!this.#tenure.present.delete(role)) throw missing(role);
    const handle = this.#tenure.handle(role);
    handle.truncate(0);
    if (syncDirectory) handle.flush();
  }

  exists(role: FileRole): boolean {
    return this.#tenure.handle(role).getSize() > 0;
  }

  close(): void {
    this.#failure ??= new VfsError('CLOSED', `${this.name} is closed`);
    this.#tenure.letGo();
  }

  async readTransaction<Output>(work: () => Output | Promise<Output>): Promise<Output> {
    await this.#enter();
    try {
      return await work();
    } catch (error) {
      // A handle that has failed may be dead; the next turn opens the files anew.
      this.#tenure.letGo();
      throw error;
    } finally {
      this.#tenure.leave();
    }
  }

  /** SQLite's commit is all there is to it: its journal has taken back whatever failed. */
  writeTransaction<Output>(work: () => Output | Promise<Output>): Promise<Output> {
    return this.readTransaction(work);
  }

  async #enter(): Promise<void> {
    if (this.#failure) throw this.#failure;
    refuseOtherContexts();
    try {
      this.#files = await this.#tenure.enter(this.#files);
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

function refuseOtherContexts(): void {
  if (hasSyncAccess() && typeof navigator.locks !== 'undefined') return;
  throw new VfsError(
    'STORAGE_UNAVAILABLE',
    'synchronous access to files is there in dedicated workers only',
    {
      hint: 'Open the database in a worker, on a page served over https or from localhost.',
    },
  );
}

function missing(role: FileRole): Error {
  return Object.assign(new Error(`no ${role} file`), { code: 'ENOENT' });
}

/**
 * A database in the origin's private file system (OPFS), for dedicated workers. Any number of tabs and workers may open
 * the same name; they take turns.
 * @param name - of the database, any text
 */
export function opfsStorage(name: string): Storage {
  return new OpfsStorage(name);
}
