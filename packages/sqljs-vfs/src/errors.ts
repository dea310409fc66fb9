import { plainReason } from './plain-reason.ts';
import { ResultCode } from './result-codes.ts';

/** The reason for a {@link VfsError}, as a stable word. Codes change only with a major version. */
export type VfsErrorCode =
  /** The installed sql.js is not the build this package was tested with, or it was initialised elsewhere first. */
  | 'UNSUPPORTED_SQLJS'
  /** The file does not start like an SQLite database. It was left untouched. */
  | 'NOT_A_DATABASE'
  /** The file is in WAL mode and was not opened with `exclusive`. It was left untouched. */
  | 'WAL_MODE'
  /** The storage cannot be opened: it is missing, forbidden, a directory, … See `cause`. */
  | 'CANNOT_OPEN'
  /** The database does not exist, and the caller asked not to create it. Nothing was created. */
  | 'NOT_FOUND'
  /** No lock provider works here, so other processes could not be kept out. */
  | 'LOCKS_UNAVAILABLE'
  /** This storage does not exist here, or the browser forbids it. */
  | 'STORAGE_UNAVAILABLE'
  /**
   * The stored database was moved, removed or replaced while it was open (a file moved, site data cleared). No other one
   * takes its place.
   */
  | 'STORAGE_RESET'
  /** The stored database has a format that this version cannot read. It was left untouched. */
  | 'UNREADABLE_STORAGE'
  /** The database is encrypted, and was opened without a key. It was left untouched. */
  | 'KEY_REQUIRED'
  /** The database is encrypted with another key, or is not encrypted. It was left untouched. */
  | 'WRONG_KEY'
  /** A stored page or record is not what was written there: its authentication tag does not match. It was left untouched. */
  | 'CORRUPT'
  /** The call needs an open database or storage. */
  | 'CLOSED'
  /** The call needs a database without an open transaction or unfinished statement. */
  | 'IN_TRANSACTION'
  /**
   * A statement ran outside the transactions of a storage that needs them, or wrote in a read transaction. Nothing of it
   * was stored.
   */
  | 'OUTSIDE_TRANSACTION';

/** An error that this package throws on purpose. Failures that SQLite reports are {@link SqliteError}s. */
export class VfsError extends Error {
  override readonly name = 'VfsError';
  readonly code: VfsErrorCode;
  /** The way out, as one sentence. */
  readonly hint: string | undefined;

  constructor(code: VfsErrorCode, message: string, details: { cause?: unknown; hint?: string } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }
}

/**
 * A failure that SQLite reported. sql.js alone throws a bare `Error` with SQLite's message; this class adds the result
 * code. Where a file operation failed, `cause` is the storage's own error.
 */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  /** SQLite's primary result code (https://www.sqlite.org/rescode.html), for example 5 for SQLITE_BUSY. */
  readonly resultCode: number;

  constructor(resultCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.resultCode = resultCode;
  }
}

/** A temporary file of SQLite failed, as `VACUUM` and large sorts use them. It is the `cause` of an {@link SqliteError}. */
export class TemporaryFileError extends Error {
  override readonly name = 'TemporaryFileError';
  /** The folder of the file. */
  readonly directory: string;
  /** The system's error code, for example `ENOSPC`. */
  readonly code: string | undefined;

  /** @param cause - the system's error */
  constructor(directory: string, cause: Error & { readonly code?: string }) {
    super(`a temporary file in ${directory} failed (${plainReason(cause)})`, { cause });
    this.directory = directory;
    this.code = cause.code;
  }
}

/**
 * The storage failed after the commit may have become durable. The transaction may or may not be stored; retrying could
 * apply it twice.
 */
export class UncertainCommit extends Error {
  override readonly name = 'UncertainCommit';

  /** @param cause - the storage's error */
  constructor(cause: unknown) {
    super('the storage failed at the end of the commit', { cause });
  }
}

/** Makes the error for a statement outside the transactions that its storage needs. */
export function outsideTransaction(name: string): VfsError {
  return new VfsError('OUTSIDE_TRANSACTION', `${name} is used outside a transaction of its storage`, {
    hint: 'Write inside writeTransaction(), and read inside readTransaction().',
  });
}

/** Makes `CANNOT_OPEN` of what a storage threw; an error of this package stays as it is. */
export function openingError(name: string, error: unknown): Error {
  if (error instanceof VfsError || error instanceof SqliteError) return error;
  return new VfsError('CANNOT_OPEN', `cannot open ${name}`, { cause: error });
}

/** True for errors that mean "no room left": POSIX codes and the browser's exception name. */
export function isOutOfSpace(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || name === 'QuotaExceededError';
}

/** A code of the operating system (errno(3)), which Node's own codes (`ERR_…`) are not. */
const SYSTEM_CODE = /^E[A-Z0-9]+$/;

/** Makes of a storage's failure in a call without SQLite what SQLite would have reported. Any other error stays as it is. */
export function storageFailure(error: unknown): unknown {
  const code = (error as { code?: unknown } | undefined)?.code;
  const isFromSystem = typeof code === 'string' && SYSTEM_CODE.test(code);
  if (error instanceof VfsError || !(isFromSystem || error instanceof DOMException)) return error;
  return new SqliteError(isOutOfSpace(error) ? ResultCode.FULL : ResultCode.IOERR, plainReason(error), error);
}

/** True when another connection holds the lock that a call needed, so that a later attempt can succeed. */
export function isBusy(error: unknown): boolean {
  return error instanceof SqliteError && error.resultCode === ResultCode.BUSY;
}

/** True when the stored database was moved, removed or replaced while it was open (`STORAGE_RESET`). */
export function isStorageReset(error: unknown): error is VfsError {
  return error instanceof VfsError && error.code === 'STORAGE_RESET';
}
