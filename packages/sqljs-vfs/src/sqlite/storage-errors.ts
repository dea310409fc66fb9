import { SqliteError, isStorageReset } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import type { SqlJsDatabase } from './load-sqljs.ts';

/** The results of a failed file call. Other errors of SQLite have nothing to do with the storage. */
const STORAGE_FAILURES: ReadonlySet<number> = new Set([
  ResultCode.IOERR,
  ResultCode.FULL,
  ResultCode.CANTOPEN,
]);

/** The error that the last failed file call of a database threw; cleared once it has been reported. */
interface LastError {
  lastError: unknown;
}

/**
 * Makes every failure of a database a {@link SqliteError}, with the storage's error as its cause. `STORAGE_RESET` is
 * thrown as it is: no result code of SQLite says that the database is gone.
 */
export function reportStorageErrors(database: SqlJsDatabase, mount: LastError): void {
  const reporter = database as Omit<SqlJsDatabase, 'handleError'> & { handleError(resultCode: number): null };
  const original = reporter.handleError.bind(database);
  reporter.handleError = (resultCode: number): null => {
    if (resultCode === ResultCode.OK) return null;
    const cause = STORAGE_FAILURES.has(resultCode) ? mount.lastError : undefined;
    mount.lastError = undefined;
    if (isStorageReset(cause)) throw cause;
    try {
      return original(resultCode);
    } catch (error) {
      throw new SqliteError(resultCode, (error as Error).message, cause);
    }
  };
}

/** True for errors that mean "no room left": POSIX codes and the browser's exception name. */
export function isOutOfSpace(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || name === 'QuotaExceededError';
}
