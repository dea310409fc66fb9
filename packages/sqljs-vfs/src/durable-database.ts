import { markRollbackMode, parseHeader } from './database-header.ts';
import { SqliteError, VfsError, isBusy, isStorageReset } from './errors.ts';
import { ResultCode } from './result-codes.ts';
import { retryBusy } from './retry-busy.ts';
import { DatabaseCopy } from './sqlite/backup-api.ts';
import { eachRawRow, type RawBindValue, type RawRow } from './sqlite/raw-rows.ts';
import { prepareRaw, type RawStatement } from './sqlite/raw-statement.ts';
import { withStatementGuard, type StatementGuard } from './sqlite/statement-guard.ts';
import { PreparedStatements } from './sqlite/prepared-statements.ts';
import type { Mount } from './sqlite/vfs.ts';
import type { SqlJs } from './sqlite/load-sqljs.ts';
import type { SqlJsDatabase } from './sqlite/sqljs-types.ts';
import { passThrough, type StorageTransactions } from './contract/storage-transactions.ts';
import type { Storage, StorageFile } from './contract/storage.ts';

/** Options of {@link DurableDatabase.copyFrom}. */
export interface CopyOptions {
  /** Copy only if {@link DurableDatabase.changeCounter} still returns this once the database is locked. */
  readonly expectedChangeCounter?: number;
  /**
   * Called between two steps, while the database is locked.
   * @param copiedBytes - size of what has been copied so far
   */
  readonly onStep?: (copiedBytes: number) => void | Promise<void>;
  /**
   * How long to wait for other connections before the copy begins, in milliseconds. From then on they are locked out, also
   * from reading, until it ends.
   * @default 0
   */
  readonly busyDeadlineMs?: number;
  /** Ends the wait for other connections with SQLITE_BUSY. What is copied already is left to `onStep`. */
  readonly signal?: { readonly aborted: boolean } | undefined;
}

/** `SQLCipher 4`: pages in that format. `AES-256-GCM`: the records of IndexedDB, by that cipher. */
export type Encryption = 'SQLCipher 4' | 'AES-256-GCM';

/** An open database whose pages are in a storage. */
export interface DurableDatabase {
  /**
   * sql.js's database. A commit through it is durable when the call returns; failures are {@link SqliteError}s. Where
   * `storage.transactions` exists, it works within transactions only, and is `OUTSIDE_TRANSACTION` elsewhere. Its
   * `export()` returns the file's bytes, not encrypted, and, unlike sql.js's own, keeps statements and pragmas.
   */
  readonly database: SqlJsDatabase;
  readonly storage: Storage;
  /** True when the storage permits no writing. */
  readonly readOnly: boolean;
  /** The journal mode that SQLite reported. */
  readonly journalMode: string;
  /** How what is stored is encrypted; undefined for a plain database. */
  readonly encryption: Encryption | undefined;
  /**
   * Runs reads with the storage's work around them (see {@link StorageTransactions.readTransaction}, which may run `work`
   * again). Required when `storage.transactions` exists.
   */
  readTransaction<T>(work: () => T | Promise<T>): Promise<T>;
  /**
   * Runs one transaction, BEGIN to COMMIT, with the storage's work around it, and resolves once it is durable (see
   * {@link StorageTransactions.writeTransaction}, which may run `work` again). Required when `storage.transactions`
   * exists; for other storages COMMIT itself makes a transaction durable. While an asynchronous `work` waits, statements
   * of other code belong to its transaction.
   * @throws VfsError `IN_TRANSACTION` when `work` leaves a transaction open in a storage with `atomicCommit`; it is rolled
   * back. There the rows of a prepared statement also end with the transaction
   */
  writeTransaction<T>(work: () => T | Promise<T>): Promise<T>;
  /**
   * Runs synchronous work whose statements a guard has to permit, and can end. The caller holds a transaction where the
   * storage needs one.
   * @throws SqliteError SQLITE_AUTH (23) for a statement that is refused, SQLITE_INTERRUPT (9) for one that is ended
   */
  guarded<T>(guard: StatementGuard, work: () => T): T;
  /**
   * Runs one statement, and visits each row as the bytes that SQLite has, which costs a fraction of what values of
   * JavaScript cost. The caller holds a transaction where the storage needs one.
   * @param visit - may run other statements, and must not keep the row
   * @throws SqliteError
   */
  eachRow(sql: string, values: readonly RawBindValue[], visit: (row: RawRow) => void): void;
  /**
   * Prepares a statement that is run with many values, which costs a fraction of what sql.js's own takes to bind them. The
   * caller finalizes it in the same transaction.
   * @throws SqliteError
   */
  prepareRaw(sql: string): RawStatement;
  /** Size of the database file in bytes. */
  sizeBytes(): number;
  /**
   * Reads SQLite's file change counter, which grows with every commit of any connection (0 while the file is empty).
   * With `exclusive` SQLite does not update the counter in the file (file format, section 1.3.7); this is then a count
   * of this connection's write transactions.
   */
  changeCounter(): number;
  /** The change counter after the last write transaction, for when the file may be out of reach. */
  readonly lastChangeCounter: number;
  /**
   * Reads the database file's bytes. The caller holds a read transaction, so that no other connection writes meanwhile.
   * @param offset - bytes from the start
   * @returns the number of bytes read
   */
  readFile(target: Uint8Array, offset: number): number;
  /** @returns the whole database as the bytes of an SQLite file, which is not encrypted. @throws VfsError `IN_TRANSACTION` */
  exportImage(): Uint8Array;
  /**
   * Replaces the whole content with another database's in one transaction, in steps.
   * @param options - see {@link CopyOptions}
   * @throws SqliteError SQLITE_BUSY (5) when another connection holds either database, or has changed this one
   * meanwhile; this database then keeps its content, as after an error that `onStep` throws
   */
  copyFrom(source: DurableDatabase, options?: CopyOptions): Promise<void>;
  /**
   * Moves the write-ahead log into the database file and empties it. Does nothing without `exclusive`.
   * @throws SqliteError when the storage fails
   */
  checkpoint(): void;
  /** Closes the database; with `exclusive` the file returns to rollback-journal mode. Further calls do nothing. */
  close(): void;
}

/** A {@link DurableDatabase} over a connection of sql.js. */
export class OpenedDatabase implements DurableDatabase {
  readonly database: SqlJsDatabase;
  readonly journalMode: string;
  readonly encryption: Encryption | undefined;
  readonly readOnly: boolean;
  lastChangeCounter: number;
  readonly #sqlJs: SqlJs;
  readonly #mount: Mount;
  readonly #exclusive: boolean;
  readonly #closeConnection: () => void;
  readonly #release: () => void;
  readonly #reopen: () => OpenedDatabase;
  /** The prepared statements of a mirrored database. */
  readonly #statements: PreparedStatements | undefined;
  #open = true;
  /** True while the file is empty because its very first transaction was rolled back by the storage. */
  #firstCommitRolledBack = false;

  constructor(
    sqlJs: SqlJs,
    database: SqlJsDatabase,
    mount: Mount,
    details: {
      journalMode: string;
      exclusive: boolean;
      encryption: Encryption | undefined;
      release: () => void;
      reopen: () => OpenedDatabase;
    },
  ) {
    this.#sqlJs = sqlJs;
    this.database = database;
    this.#mount = mount;
    this.journalMode = details.journalMode;
    this.encryption = details.encryption;
    this.#exclusive = details.exclusive;
    this.#release = details.release;
    this.#reopen = details.reopen;
    this.readOnly = mount.main?.readOnly ?? false;
    this.lastChangeCounter = this.#changeCounterInFile();
    const isMirrored = mount.storage.transactions && mount.storage.capabilities.atomicCommit;
    this.#statements = isMirrored ? new PreparedStatements(database) : undefined;
    this.#closeConnection = database.close.bind(database);
    database.export = () => this.exportImage();
    database.close = () => this.close();
  }

  get storage(): Storage {
    return this.#mount.storage;
  }

  get #transactions(): StorageTransactions {
    return this.storage.transactions ?? passThrough;
  }

  readTransaction<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#transactions.readTransaction(() =>
      this.#endingTransaction(() => {
        // An exclusive owner locks nothing that would notice a moved file. Its writes notice it at the log.
        if (this.#isLogged) this.#assertInPlace();
        return work();
      }),
    );
  }

  writeTransaction<T>(work: () => T | Promise<T>): Promise<T> {
    const counted = async (): Promise<T> => {
      const result = await this.#endingTransaction(work);
      this.#noteChangeCounter();
      return result;
    };
    return this.#transactions.writeTransaction(counted, () => this.#revalidateCache());
  }

  guarded<T>(guard: StatementGuard, work: () => T): T {
    this.#openFile();
    return withStatementGuard(this.#sqlJs, this.database, guard, work);
  }

  eachRow(sql: string, values: readonly RawBindValue[], visit: (row: RawRow) => void): void {
    this.#openFile();
    eachRawRow(this.#sqlJs, this.database, sql, values, visit);
  }

  prepareRaw(sql: string): RawStatement {
    this.#openFile();
    return prepareRaw(this.#sqlJs, this.database, sql);
  }

  #assertInPlace(): void {
    this.#withFile((file) => file.assertInPlace?.());
  }

  /** Makes SQLite notice that the storage restored the file. */
  #revalidateCache(): void {
    this.#touchSchema();
    if (this.sizeBytes() > 0) return;
    this.#firstCommitRolledBack = true;
    this.#dropStaleFirstPage();
  }

  /**
   * Reads the schema. SQLite takes its shared lock for that, compares the file's change counter with its cache's, and
   * drops a stale cache.
   */
  #touchSchema(): void {
    this.database.exec('SELECT count(*) FROM sqlite_schema');
  }

  /**
   * Runs `work`, and leaves no lock behind in a mirrored database: the mirror changes between transactions.
   * @throws VfsError `IN_TRANSACTION`
   */
  async #endingTransaction<T>(work: () => T | Promise<T>): Promise<T> {
    if (!this.#statements) return this.#droppingStaleFirstPage(work);
    return this.#droppingStaleFirstPage(async () => {
      try {
        const result = await work();
        if (this.#open) this.#assertNoTransaction();
        return result;
      } catch (error) {
        if (this.#open) this.#rollbackQuietly();
        throw error;
      } finally {
        if (this.#open) this.#statements?.reset();
      }
    });
  }

  /** Ends a transaction after a failure, which is the one to report. */
  #rollbackQuietly(): void {
    try {
      this.#endTransaction();
    } catch {
      // A lock that is left is `IN_TRANSACTION` for the next transaction.
    }
  }

  /**
   * Runs `work`, then drops a stale first page from SQLite's cache. After the first transaction of an empty file is
   * rolled back, the cache still holds page 1 and its change counter. If another tab commits the same first
   * transaction, the counters match and SQLite would trust the stale page, so it must not outlast a transaction.
   */
  async #droppingStaleFirstPage<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      if (this.#firstCommitRolledBack) this.#dropStaleFirstPage();
    }
  }

  #dropStaleFirstPage(): void {
    this.database.exec('PRAGMA shrink_memory');
    this.#firstCommitRolledBack = this.sizeBytes() === 0;
  }

  #noteChangeCounter(): void {
    try {
      this.lastChangeCounter = this.#isLogged ? this.lastChangeCounter + 1 : this.#changeCounterInFile();
    } catch {
      // The transaction is committed: failing to read its number must not make it look failed.
    }
  }

  sizeBytes(): number {
    return this.#withFile((file) => file.sizeBytes());
  }

  changeCounter(): number {
    return this.#isLogged ? this.lastChangeCounter : this.#changeCounterInFile();
  }

  /** True when commits go to a write-ahead log instead of the file. */
  get #isLogged(): boolean {
    return this.journalMode === 'wal';
  }

  #changeCounterInFile(): number {
    const header = new Uint8Array(100);
    const parsed = parseHeader(header.subarray(0, this.readFile(header, 0)));
    return parsed.kind === 'sqlite' ? parsed.changeCounter : 0;
  }

  readFile(target: Uint8Array, offset: number): number {
    return this.#withFile((file) => file.read(target, offset));
  }

  exportImage(): Uint8Array {
    this.#openFile();
    this.#assertNoTransaction();
    this.checkpoint();
    this.database.exec('BEGIN');
    try {
      this.#touchSchema();
      const image = new Uint8Array(this.sizeBytes());
      if (this.readFile(image, 0) < image.length)
        throw new SqliteError(ResultCode.IOERR, 'the file ended while it was read');
      if (image.length > 0) markRollbackMode(image);
      return image;
    } finally {
      this.#endTransaction();
    }
  }

  /** Ends a transaction. SQLite may have ended it after a failure already; that failure is then the one to report. */
  #endTransaction(): void {
    try {
      this.database.exec('ROLLBACK');
    } catch (error) {
      if (!isTransactionMismatch(error)) throw error;
    }
  }

  #assertNoTransaction(): void {
    try {
      this.database.exec('BEGIN; COMMIT');
    } catch (error) {
      if (!isTransactionMismatch(error)) throw error;
      throw new VfsError('IN_TRANSACTION', 'an open transaction is not in the file yet', {
        cause: error,
        hint: 'Commit or roll back first.',
      });
    }
  }

  async copyFrom(
    source: DurableDatabase,
    { expectedChangeCounter, onStep, busyDeadlineMs = 0, signal }: CopyOptions = {},
  ): Promise<void> {
    const pageSizeBytes = Number(source.database.exec('PRAGMA page_size')[0]?.values[0]?.[0]);
    const copy = await retryBusy(
      () => new DatabaseCopy(this.#sqlJs, this.database, source.database),
      busyDeadlineMs,
      signal,
    );
    try {
      if (expectedChangeCounter !== undefined && this.changeCounter() !== expectedChangeCounter)
        throw new SqliteError(ResultCode.BUSY, 'another connection has changed the database');
      while (!copy.step()) await onStep?.(copy.copiedPages * pageSizeBytes);
    } finally {
      copy.cancel();
    }
  }

  checkpoint(): void {
    if (this.#isLogged) this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    let isShareable = true;
    try {
      if (!this.readOnly && !this.storage.capabilities.atomicCommit) isShareable = this.#leaveShareable();
    } finally {
      this.#closeConnection();
      this.#release();
      this.storage.close?.();
    }
    if (!isShareable) this.#leaveWalByAnotherConnection();
  }

  /**
   * Rolls back an open transaction, returns to a rollback journal, and reads once, which is when SQLite releases an
   * exclusive lock. Then SQLite deletes the empty journal, unless another connection is writing. The data does not
   * depend on any of this, so another connection's lock is not a failure, nor is a file that was moved.
   * @returns false when an unfinished statement keeps SQLite in WAL mode
   */
  #leaveShareable(): boolean {
    this.#endTransaction();
    try {
      if (this.#exclusive) {
        // SQLite forgets the log when it fails to leave WAL mode.
        this.#assertInPlace();
        // Leaving WAL mode changes the header under a rollback journal, which only full syncs protect.
        this.database.exec(
          'PRAGMA synchronous=FULL; PRAGMA journal_mode=TRUNCATE; PRAGMA locking_mode=NORMAL',
        );
        this.#touchSchema();
      }
      this.database.exec('PRAGMA journal_mode=DELETE');
      return true;
    } catch (error) {
      if (isTransactionMismatch(error)) return false;
      // The log no longer belongs to the file beside it, so what it holds goes into the database now.
      if (isStorageReset(error)) this.checkpoint();
      else if (!isOutOfReach(error)) throw error;
      return true;
    }
  }

  /** Leaves WAL mode from a new connection, which has no unfinished statements. Another process may do so first. */
  #leaveWalByAnotherConnection(): void {
    try {
      this.#reopen().close();
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
    }
  }

  /** Calls the file without SQLite. A failure is reported as SQLite reports its own. */
  #withFile<T>(call: (file: StorageFile) => T): T {
    const file = this.#openFile();
    try {
      return call(file);
    } catch (error) {
      if (error instanceof VfsError) throw error;
      throw new SqliteError(ResultCode.IOERR, 'disk I/O error', error);
    }
  }

  #openFile(): StorageFile {
    const { main } = this.#mount;
    if (!main) throw new VfsError('CLOSED', `${this.#mount.storage.name} is closed`);
    return main;
  }
}

/** True when another connection has the files, or none has them outside a transaction. */
function isOutOfReach(error: unknown): boolean {
  return isBusy(error) || (error instanceof VfsError && error.code === 'OUTSIDE_TRANSACTION');
}

/** True for SQLITE_ERROR of a statement that is valid only inside, or only outside, a transaction. */
function isTransactionMismatch(error: unknown): boolean {
  return error instanceof SqliteError && error.resultCode === ResultCode.ERROR;
}
