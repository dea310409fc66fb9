import { SqliteError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import type { SqlJs, SqlJsDatabase } from './load-sqljs.ts';

/** sqlite3_step's and sqlite3_backup_step's "finished". */
const DONE = 101;

interface BackupApi {
  _sqlite3_backup_init(target: number, targetName: number, source: number, sourceName: number): number;
  _sqlite3_backup_step(backup: number, pageCount: number): number;
  _sqlite3_backup_finish(backup: number): number;
  stringToNewUTF8(text: string): number;
  _free(pointer: number): void;
}

/**
 * Replaces the content of one open database by another's, page by page, in one transaction of the target: others on
 * the same file wait, a crash leaves the old content (https://www.sqlite.org/c3ref/backup_finish.html).
 * @param unchanged - asked once the target is locked, before anything is written
 * @throws SqliteError SQLITE_BUSY (5) when somebody else holds either database, or the target is not unchanged any
 * more; the target is then as it was
 */
export function copyDatabase(
  sqlJs: SqlJs,
  target: SqlJsDatabase,
  source: SqlJsDatabase,
  unchanged: () => boolean,
): void {
  const api = sqlJs.module as unknown as BackupApi;
  const pointerOf = (database: SqlJsDatabase): number => (database as SqlJsDatabase & { db: number }).db;
  const main = api.stringToNewUTF8('main');
  try {
    const backup = api._sqlite3_backup_init(pointerOf(target), main, pointerOf(source), main);
    if (backup === 0) throw new SqliteError(1, 'the copy could not be started: a statement is still open');
    // A step of no pages takes the locks.
    let stepResult = api._sqlite3_backup_step(backup, 0);
    if (stepResult === ResultCode.OK)
      stepResult = unchanged() ? api._sqlite3_backup_step(backup, -1) : ResultCode.BUSY;
    const finishResult = api._sqlite3_backup_finish(backup);
    if (stepResult === DONE && finishResult === ResultCode.OK) return;
    const failed = stepResult === DONE || stepResult === ResultCode.OK ? finishResult : stepResult;
    (target as SqlJsDatabase & { handleError(resultCode: number): void }).handleError(failed);
  } finally {
    api._free(main);
  }
}
