import type { Storage, StorageFile } from '../contract/storage.ts';
import { parseHeader } from '../database-header.ts';
import { isBusy, isOutOfSpace, SqliteError, VfsError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import type { SqlJsDatabase } from './sqljs-types.ts';

/** The results of a failed file call. Other errors of SQLite have nothing to do with the storage. */
const STORAGE_FAILURES: ReadonlySet<number> = new Set([
  ResultCode.IOERR,
  ResultCode.FULL,
  ResultCode.CANTOPEN,
]);

/** Keeps what a file method threw, because only a result code gets through WebAssembly. */
export interface Failures {
  /** The error that the last failed method threw; cleared at the end of the call to SQLite. */
  lastError: unknown;
}

/**
 * Runs a method that SQLite calls. What it throws is kept in `failures`.
 * @param failure - the result code when the call throws
 */
export type Guard = (failures: Failures, failure: number, call: () => number) => number;

/** Makes the guard of every method. @param temporary - failures of temporary files */
export function guardWith(temporary: Failures): Guard {
  return (failures, failure, call) => {
    try {
      return call();
    } catch (error) {
      // Only the newest failure can be the cause of what SQLite reports next.
      temporary.lastError = undefined;
      failures.lastError = error;
      if (isBusy(error)) return ResultCode.BUSY;
      return isOutOfSpace(error) ? ResultCode.FULL : failure;
    }
  };
}

/** A database whose failures are reported. */
interface ReportedDatabase extends Failures {
  readonly storage: Storage;
  /** The open database file. */
  readonly main: StorageFile | undefined;
  /** True while SQLite has a write-ahead log open. */
  readonly hasLog: boolean;
}

/**
 * Makes every failure of a database a {@link SqliteError}, with the storage's error as its cause. A
 * {@link VfsError} is thrown as it is: no result code of SQLite says that the database is gone (`STORAGE_RESET`). Another program that switches the database to
 * WAL mode, for which SQLite only says SQLITE_CANTOPEN, is `WAL_MODE`.
 * @param temporary - failures of temporary files, of which the last is newer than the database's own
 */
export function reportStorageErrors(
  database: SqlJsDatabase,
  mount: ReportedDatabase,
  temporary: Failures,
): void {
  const reporter = database as Omit<SqlJsDatabase, 'handleError'> & { handleError(resultCode: number): null };
  const original = reporter.handleError.bind(database);
  reporter.handleError = (reported: number): null => {
    const lastError = temporary.lastError ?? mount.lastError;
    // SQLite ignores some failures, for example of closing a file. They are not the cause of a later one.
    temporary.lastError = undefined;
    mount.lastError = undefined;
    if (reported === ResultCode.OK) return null;
    // The backup interface reports extended codes, sql.js the primary ones.
    const resultCode = reported & 0xff;
    const cause = STORAGE_FAILURES.has(resultCode) ? lastError : undefined;
    if (cause instanceof VfsError) throw cause;
    if (resultCode === ResultCode.CANTOPEN && cause === undefined && needsSharedMemory(mount)) {
      throw walModeError(mount.storage);
    }
    try {
      return original(resultCode);
    } catch (error) {
      throw new SqliteError(resultCode, (error as Error).message, cause);
    }
  };
}

/** True when SQLite would need shared memory for a log that it does not own. */
function needsSharedMemory({ storage, main, hasLog }: ReportedDatabase): boolean {
  if (!main || hasLog) return false;
  try {
    const header = new Uint8Array(100);
    const parsed = parseHeader(header.subarray(0, main.read(header, 0)));
    return (parsed.kind === 'sqlite' && parsed.wal) || storage.exists('wal');
  } catch {
    // SQLite's own error is the one to report.
    return false;
  }
}

/** Makes the error for a database in WAL mode, with the command that converts it. */
export function walModeError(storage: Storage, cause?: unknown): VfsError {
  const quotedName = `'${storage.name.replaceAll("'", String.raw`'\''`)}'`;
  return new VfsError('WAL_MODE', `${storage.name} is in WAL mode, which needs shared memory to be shared`, {
    hint: `Close it in other programs, then convert it: sqlite3 ${quotedName} 'PRAGMA journal_mode=DELETE'.`,
    cause,
  });
}
