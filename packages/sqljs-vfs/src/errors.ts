/** What went wrong, as a stable word. Codes change only with a major version. */
export type VfsErrorCode =
  /** The installed sql.js is not the build whose layout this package was proved with, or was initialised elsewhere first. */
  | 'UNSUPPORTED_SQLJS'
  /** The file does not start like an SQLite database. It was left untouched. */
  | 'NOT_A_DATABASE'
  /** The file is in WAL mode and was not asked for exclusively. It was left untouched. */
  | 'WAL_MODE'
  /** The storage cannot be opened: missing, forbidden, a directory, … See `cause`. */
  | 'CANNOT_OPEN'
  /** No lock provider works here, so other processes could not be kept out. */
  | 'LOCKS_UNAVAILABLE'
  /** This storage does not exist here, or the browser forbids it. */
  | 'STORAGE_UNAVAILABLE'
  /** What was stored was removed or replaced while it was open (site data cleared). Nothing empty is adopted in its place. */
  | 'STORAGE_RESET'
  /** What is stored is in a format this version cannot read. It was left untouched. */
  | 'UNREADABLE_STORAGE'
  /** The call needs an open database or storage. */
  | 'CLOSED'
  /** The call needs a database without an open transaction. */
  | 'IN_TRANSACTION';

/** Every error this package throws on purpose, except those SQLite reports (see {@link SqliteError}). */
export class VfsError extends Error {
  override readonly name = 'VfsError';
  readonly code: VfsErrorCode;
  /** What to do about it, as one sentence. */
  readonly hint: string | undefined;

  constructor(code: VfsErrorCode, message: string, details: { cause?: unknown; hint?: string } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }
}

/**
 * A failure that SQLite reported. sql.js alone throws a bare `Error` with SQLite's message; here the result code
 * comes with it, and `cause` is the storage's own error where a file operation failed underneath.
 */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  /** SQLite's primary result code (https://www.sqlite.org/rescode.html): 5 is SQLITE_BUSY, 13 SQLITE_FULL, … */
  readonly resultCode: number;

  constructor(resultCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.resultCode = resultCode;
  }
}

/**
 * The storage failed when the transaction was stored already, or may have been, but before that was safe or could be
 * told. It may be there. Trying again could store everything twice.
 */
export class UncertainCommit extends Error {
  override readonly name = 'UncertainCommit';

  /** @param cause - how the storage failed */
  constructor(cause: unknown) {
    super('the storage failed at the end of the commit', { cause });
  }
}

/** Whether an error says that another connection holds the lock we need, so that trying again later can work. */
export function isBusy(error: unknown): boolean {
  return error instanceof SqliteError && error.resultCode === 5;
}
