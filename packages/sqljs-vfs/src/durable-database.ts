import { markRollbackMode, parseHeader } from './database-header.ts';
import { SqliteError, VfsError, isBusy } from './errors.ts';
import { ResultCode } from './result-codes.ts';
import { copyDatabase } from './sqlite/backup-api.ts';
import type { Mount } from './sqlite/vfs.ts';
import type { SqlJs, SqlJsDatabase } from './sqlite/load-sqljs.ts';
import { passThrough, type StorageTransactions } from './contract/storage-transactions.ts';
import type { Storage, StorageFile } from './contract/storage.ts';

/** An open database whose pages live in a storage. */
export interface DurableDatabase {
  /**
   * sql.js's own database. Everything it commits is durable when the call returns; failures are {@link SqliteError}s.
   * Its `export()` gives the file's bytes and, unlike sql.js's own, keeps statements and pragmas.
   */
  readonly database: SqlJsDatabase;
  readonly storage: Storage;
  /** Whether the place allows no writing. */
  readonly readOnly: boolean;
  /** The journal mode SQLite settled on. */
  readonly journalMode: string;
  /** Runs reads within a turn of the storage (see {@link StorageTransactions.readTransaction}). Needed where `storage.transactions` is there. */
  readTransaction<T>(work: () => T | Promise<T>): Promise<T>;
  /**
   * Runs a transaction, BEGIN to COMMIT, within a turn of the storage, and resolves once it is durable (see
   * {@link StorageTransactions.writeTransaction}, which may run it again). Needed where `storage.transactions` is there; elsewhere COMMIT itself
   * makes it durable.
   */
  writeTransaction<T>(work: () => T | Promise<T>): Promise<T>;
  /** Size of the database file in bytes. */
  sizeBytes(): number;
  /**
   * SQLite's file change counter, read now: grows with every commit by anyone (0 while the file is empty). With
   * `exclusive` SQLite leaves the file's alone (file format, section 1.3.7); it is then a count of our own turns.
   */
  changeCounter(): number;
  /** The change counter at the end of our last turn, for when the file itself may be out of reach. */
  readonly lastChangeCounter: number;
  /**
   * Reads the database file's bytes. The caller holds a read transaction, so that nobody writes meanwhile.
   * @param offset - bytes from the start
   * @returns how many bytes were there
   */
  readFile(target: Uint8Array, offset: number): number;
  /** The whole database as the bytes of an SQLite file. @throws VfsError `IN_TRANSACTION` */
  exportImage(): Uint8Array;
  /**
   * Replaces the whole content by another database's in one transaction.
   * @param expectedChangeCounter - copy only if {@link changeCounter} still says this once the database is locked
   * @throws SqliteError SQLITE_BUSY (5) when somebody else holds either of them, or has changed this one meanwhile;
   * nothing has changed then
   */
  copyFrom(source: DurableDatabase, expectedChangeCounter?: number): void;
  /** Closes the database; with `exclusive` the file goes back to rollback-journal mode. Calling it again does nothing. */
  close(): void;
}

/** A {@link DurableDatabase} over a connection of sql.js. */
export class OpenedDatabase implements DurableDatabase {
  readonly database: SqlJsDatabase;
  readonly journalMode: string;
  readonly readOnly: boolean;
  lastChangeCounter: number;
  readonly #sqlJs: SqlJs;
  readonly #mount: Mount;
  readonly #exclusive: boolean;
  readonly #closeConnection: () => void;
  readonly #release: () => void;
  readonly #reopen: () => OpenedDatabase;
  #open = true;
  /** The very first transaction was taken back, and the file is still empty. */
  #firstCommitRolledBack = false;

  constructor(
    sqlJs: SqlJs,
    database: SqlJsDatabase,
    mount: Mount,
    details: { journalMode: string; exclusive: boolean; release: () => void; reopen: () => OpenedDatabase },
  ) {
    this.#sqlJs = sqlJs;
    this.database = database;
    this.#mount = mount;
    this.journalMode = details.journalMode;
    this.#exclusive = details.exclusive;
    this.#release = details.release;
    this.#reopen = details.reopen;
    this.readOnly = mount.main?.readOnly ?? false;
    this.lastChangeCounter = this.#changeCounterInFile();
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
    return this.#transactions.readTransaction(() => this.#droppingStaleFirstPage(work));
  }

  writeTransaction<T>(work: () => T | Promise<T>): Promise<T> {
    const counted = async (): Promise<T> => {
      const result = await this.#droppingStaleFirstPage(work);
      this.#noteChangeCounter();
      return result;
    };
    return this.#transactions.writeTransaction(counted, () => this.#revalidateCache());
  }

  /** Makes SQLite see that the file went back to what it was. */
  #revalidateCache(): void {
    // Reading is what makes SQLite compare the file's change counter with its cache's, and drop the cache.
    this.database.exec('SELECT count(*) FROM sqlite_schema');
    if (this.sizeBytes() > 0) return;
    this.#firstCommitRolledBack = true;
    this.#dropStaleFirstPage();
  }

  /**
   * An empty file has no change counter: SQLite keeps that of the transaction that was taken back, and with every read
   * a blank first page. When another tab then stores the same first transaction, the counters agree and the blank page
   * would count as fresh. So it must not outlast a turn.
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
      this.lastChangeCounter = this.#logged ? this.lastChangeCounter + 1 : this.#changeCounterInFile();
    } catch {
      // The transaction stands: a failure to read what number it has must not make it look failed.
    }
  }

  sizeBytes(): number {
    return this.#past((file) => file.sizeBytes());
  }

  changeCounter(): number {
    return this.#logged ? this.lastChangeCounter : this.#changeCounterInFile();
  }

  /** Whether commits go to a write-ahead log, past the file. */
  get #logged(): boolean {
    return this.journalMode === 'wal';
  }

  #changeCounterInFile(): number {
    const header = new Uint8Array(100);
    const parsed = parseHeader(header.subarray(0, this.readFile(header, 0)));
    return parsed.kind === 'sqlite' ? parsed.changeCounter : 0;
  }

  readFile(target: Uint8Array, offset: number): number {
    return this.#past((file) => file.read(target, offset));
  }

  exportImage(): Uint8Array {
    this.#openFile();
    this.#refuseOpenTransaction();
    if (this.#exclusive) this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.database.exec('BEGIN');
    try {
      // The first read takes the shared lock.
      this.database.exec('SELECT count(*) FROM sqlite_schema');
      const image = new Uint8Array(this.sizeBytes());
      this.readFile(image, 0);
      if (image.length > 0) markRollbackMode(image);
      return image;
    } finally {
      this.#endTransaction();
    }
  }

  /** Ends a transaction, unless SQLite has ended it by itself after a failure, which is then the one to report. */
  #endTransaction(): void {
    try {
      this.database.exec('ROLLBACK');
    } catch (error) {
      if (!isWrongMoment(error)) throw error;
    }
  }

  #refuseOpenTransaction(): void {
    try {
      this.database.exec('BEGIN; COMMIT');
    } catch (error) {
      if (!isWrongMoment(error)) throw error;
      throw new VfsError('IN_TRANSACTION', 'an open transaction is not in the file yet', {
        cause: error,
        hint: 'Commit or roll back first.',
      });
    }
  }

  copyFrom(source: DurableDatabase, expectedChangeCounter?: number): void {
    const unchanged = (): boolean =>
      expectedChangeCounter === undefined || this.changeCounter() === expectedChangeCounter;
    copyDatabase(this.#sqlJs, this.database, source.database, unchanged);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    let left = true;
    try {
      if (!this.readOnly && !this.storage.capabilities.atomicCommit) left = this.#leaveNothingBehind();
    } finally {
      this.#closeConnection();
      this.#release();
      this.storage.close?.();
    }
    if (!left) this.#leaveByAnotherConnection();
  }

  /**
   * Rolls back what is open; goes back to a rollback journal, then reads once, which is when SQLite lets an exclusive
   * lock go; and has SQLite delete the empty journal, which it does only when nobody else is writing. Neither matters
   * to the data, so somebody else's lock is no reason to fail.
   * @returns false when a statement half way keeps SQLite in WAL mode
   */
  #leaveNothingBehind(): boolean {
    this.#endTransaction();
    try {
      if (this.#exclusive) {
        this.database.exec(
          'PRAGMA journal_mode=TRUNCATE; PRAGMA locking_mode=NORMAL; SELECT count(*) FROM sqlite_schema',
        );
      }
      this.database.exec('PRAGMA journal_mode=DELETE');
      return true;
    } catch (error) {
      if (isWrongMoment(error)) return false;
      if (!isBusy(error)) throw error;
      return true;
    }
  }

  /** Statements end with their connection; one without any can leave WAL mode, unless somebody else was faster. */
  #leaveByAnotherConnection(): void {
    try {
      this.#reopen().close();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }

  /** A file call past SQLite. Its failure is reported as SQLite would report one of its own. */
  #past<T>(call: (file: StorageFile) => T): T {
    const file = this.#openFile();
    try {
      return call(file);
    } catch (error) {
      throw new SqliteError(ResultCode.IOERR, 'disk I/O error', error);
    }
  }

  #openFile(): StorageFile {
    const { main } = this.#mount;
    if (!main) throw new VfsError('CLOSED', `${this.#mount.storage.name} is closed`);
    return main;
  }
}

/** SQLITE_ERROR from a statement known to be right: it came inside a transaction, or outside one. */
function isWrongMoment(error: unknown): boolean {
  return error instanceof SqliteError && error.resultCode === 1;
}
