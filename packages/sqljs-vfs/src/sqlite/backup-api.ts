import { SqliteError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import type { SqlJs } from './load-sqljs.ts';
import type { SqlJsDatabase } from './sqljs-types.ts';

interface BackupApi {
  _sqlite3_backup_init(target: number, targetName: number, source: number, sourceName: number): number;
  _sqlite3_backup_step(backup: number, pageCount: number): number;
  _sqlite3_backup_finish(backup: number): number;
  stringToNewUTF8(text: string): number;
  _free(pointer: number): void;
}

/** Pages copied in one step: 16 MiB with the usual page size. */
const STEP_PAGES = 4096;

/**
 * Replaces the content of one open database with another's, page by page, in one transaction of the target. Other
 * connections to the same file wait, and a crash leaves the old content
 * (https://www.sqlite.org/c3ref/backup_finish.html).
 */
export class DatabaseCopy {
  readonly #api: BackupApi;
  readonly #target: SqlJsDatabase;
  readonly #backup: number;
  #finished = false;
  copiedPages = 0;

  /**
   * Locks both databases, the target against readers as well.
   * @throws SqliteError SQLITE_BUSY (5) when another connection holds either one
   */
  constructor(sqlJs: SqlJs, target: SqlJsDatabase, source: SqlJsDatabase) {
    this.#api = sqlJs.module as unknown as BackupApi;
    this.#target = target;
    const pointerOf = (database: SqlJsDatabase): number => (database as SqlJsDatabase & { db: number }).db;
    const main = this.#api.stringToNewUTF8('main');
    try {
      this.#backup = this.#api._sqlite3_backup_init(pointerOf(target), main, pointerOf(source), main);
    } finally {
      this.#api._free(main);
    }
    if (this.#backup === 0)
      throw new SqliteError(ResultCode.ERROR, 'the copy could not be started: a statement is still open');
    // A step of zero pages takes the locks.
    const resultCode = this.#api._sqlite3_backup_step(this.#backup, 0);
    if (resultCode !== ResultCode.OK) this.#fail(resultCode);
  }

  /**
   * Copies some pages; the last step commits.
   * @returns true when the copy is complete
   * @throws SqliteError when the source or the target fails
   */
  step(): boolean {
    const resultCode = this.#api._sqlite3_backup_step(this.#backup, STEP_PAGES);
    if (resultCode === ResultCode.OK) {
      this.copiedPages += STEP_PAGES;
      return false;
    }
    if (resultCode !== ResultCode.DONE) this.#fail(resultCode);
    this.#finished = true;
    const finishResult = this.#api._sqlite3_backup_finish(this.#backup);
    if (finishResult !== ResultCode.OK) this.#throwError(finishResult);
    return true;
  }

  /** Ends a copy that is not complete; the target keeps its content. */
  cancel(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#api._sqlite3_backup_finish(this.#backup);
  }

  #fail(stepResult: number): never {
    this.#finished = true;
    const finishResult = this.#api._sqlite3_backup_finish(this.#backup);
    this.#throwError(finishResult === ResultCode.OK ? stepResult : finishResult);
  }

  #throwError(resultCode: number): never {
    (this.#target as SqlJsDatabase & { handleError(code: number): void }).handleError(resultCode);
    throw new SqliteError(resultCode, 'the copy failed');
  }
}
