import { SqliteError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import type { SqlJs, SqlJsDatabase } from './load-sqljs.ts';

interface BackupApi {
  _sqlite3_backup_init(target: number, targetName: number, source: number, sourceName: number): number;
  _sqlite3_backup_step(backup: number, pageCount: number): number;
  _sqlite3_backup_finish(backup: number): number;
  stringToNewUTF8(text: string): number;
  _free(pointer: number): void;
}

/**
 * Replaces the content of one open database with another's, page by page, in one transaction of the target. Other
 * connections to the same file wait, and a crash leaves the old content
 * (https://www.sqlite.org/c3ref/backup_finish.html).
 * @param isUnchanged - called once the target is locked, before anything is written
 * @throws SqliteError SQLITE_BUSY (5) when another connection holds either database, or when `isUnchanged` returns
 * false; the target then keeps its content
 */
export function copyDatabase(
  sqlJs: SqlJs,
  target: SqlJsDatabase,
  source: SqlJsDatabase,
  isUnchanged: () => boolean,
): void {
  const api = sqlJs.module as unknown as BackupApi;
  const pointerOf = (database: SqlJsDatabase): number => (database as SqlJsDatabase & { db: number }).db;
  const main = api.stringToNewUTF8('main');
  try {
    const backup = api._sqlite3_backup_init(pointerOf(target), main, pointerOf(source), main);
    if (backup === 0)
      throw new SqliteError(ResultCode.ERROR, 'the copy could not be started: a statement is still open');
    // A step of zero pages takes the locks.
    let stepResult = api._sqlite3_backup_step(backup, 0);
    if (stepResult === ResultCode.OK)
      stepResult = isUnchanged() ? api._sqlite3_backup_step(backup, -1) : ResultCode.BUSY;
    const finishResult = api._sqlite3_backup_finish(backup);
    if (stepResult === ResultCode.DONE && finishResult === ResultCode.OK) return;
    const failed = stepResult === ResultCode.DONE || stepResult === ResultCode.OK ? finishResult : stepResult;
    (target as SqlJsDatabase & { handleError(resultCode: number): void }).handleError(failed);
  } finally {
    api._free(main);
  }
}
