/**
 * What went wrong, as a stable word. Codes change only with a major version; messages may change at any time.
 * The README lists each with its cause and its remedy.
 */
export type PersistenceErrorCode =
  /** An argument is missing, of the wrong type or out of range; the message names it. Nothing was written. */
  | 'INVALID_ARGUMENT'
  /** A receipt or memory is not one JSON value by RFC 8259, or nests deeper than 1000 levels. */
  | 'INVALID_JSON'
  /** The execution id is taken by a different receipt (or by the same one, without `ifAbsent`). */
  | 'DUPLICATE_EXECUTION'
  /** No receipt, memory, backup or file of that name. */
  | 'NOT_FOUND'
  /** Another process or tab held the database for longer than the busy deadline. Nothing was written. */
  | 'DATABASE_LOCKED'
  /** No room left (disk, quota or a file size limit). What was acknowledged before is kept. */
  | 'DISK_FULL'
  /**
   * The operating system or the browser refused a read or a write; see `cause`. Nothing was written, unless the message
   * says that this is uncertain.
   */
  | 'IO_ERROR'
  /** The file, its folder or its medium cannot be written. */
  | 'READ_ONLY'
  /** The database could not be created or opened at that place. */
  | 'INITIALIZATION_FAILED'
  /** The file is not an SQLite database. It was left untouched. */
  | 'NOT_A_DATABASE'
  /** The file is a damaged or truncated SQLite database. It was left untouched. */
  | 'CORRUPT'
  /** The database was written by a newer program. It was left untouched. */
  | 'NEWER_SCHEMA'
  /** A table of ours exists with other columns, or a migration was edited or is missing. It was left untouched. */
  | 'SCHEMA_MISMATCH'
  /** The file is in WAL mode, which cannot be shared without shared memory. It was left untouched. */
  | 'WAL_MODE'
  /** No lock provider works here, so other processes could not be kept out. */
  | 'LOCKS_UNAVAILABLE'
  /** This storage does not exist here (for instance IndexedDB in Node). */
  | 'STORAGE_UNAVAILABLE'
  /** What was stored was removed or replaced while it was open (site data cleared). Nothing empty is adopted in its place. */
  | 'STORAGE_RESET'
  /** What is stored is in a format this version cannot read. It was left untouched. */
  | 'UNREADABLE_STORAGE'
  /** The worker that owns the database ended before it answered; whether a write happened is unknown. */
  | 'WORKER_GONE'
  /** A stored rule was violated (a constraint of the schema). */
  | 'CONSTRAINT'
  /** The target of an export or a backup exists already, or the database to restore into is not empty. */
  | 'ALREADY_EXISTS'
  /** A backup does not match its manifest, or is no backup. Nothing was restored. */
  | 'BACKUP_INVALID'
  /** The caller's `AbortSignal` fired; nothing half-written stays behind. */
  | 'ABORTED'
  /** The database was closed before the operation could run. */
  | 'CLOSED'
  /** The installed sql.js is not the build this program was proved with. */
  | 'UNSUPPORTED_SQLJS'
  /** SQLite refused something it should not have: a defect here. */
  | 'INTERNAL';

/** What the constructor of {@link PersistenceError} takes beside its message. */
export interface PersistenceErrorDetails {
  /** The operation that failed, as named in the API (`saveReceipt`). */
  readonly operation: string;
  /** The error underneath: SQLite's, the storage's or the operating system's. */
  readonly cause?: unknown;
  /** What to do about it, as one sentence. */
  readonly hint?: string;
}

/** Every error this package throws on purpose. */
export class PersistenceError extends Error {
  override readonly name = 'PersistenceError';
  readonly code: PersistenceErrorCode;
  readonly operation: string;
  readonly hint: string | undefined;

  constructor(code: PersistenceErrorCode, message: string, details: PersistenceErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.operation = details.operation;
    this.hint = details.hint;
  }
}
