/**
 * Stable name of an error. Codes change only with a major version; messages may change at any time. The README lists the
 * cause and the remedy of each.
 */
export type PersistenceErrorCode =
  /** An argument is missing, of the wrong type or out of range; the message names it. Nothing was written. */
  | 'INVALID_ARGUMENT'
  /** A receipt or memory is not one JSON value by RFC 8259, or nests deeper than 1000 levels. */
  | 'INVALID_JSON'
  /** The execution id is taken by a different receipt (or by the same one, without `ifAbsent`). */
  | 'DUPLICATE_EXECUTION'
  /** The stored memory is not of the version that the save was meant for (`ifVersion`). Nothing was written. */
  | 'VERSION_CONFLICT'
  /** There is no receipt, memory, backup or file with that name, or no database and `create` is false. */
  | 'NOT_FOUND'
  /** Another process or tab held the database for longer than the busy deadline. Nothing was written. */
  | 'DATABASE_LOCKED'
  /** No room is left (disk, quota or file size limit). Earlier saves are kept. */
  | 'DISK_FULL'
  /**
   * The operating system or the browser refused a read or a write; see `cause`. Nothing was written, unless the message
   * says that it is uncertain.
   */
  | 'IO_ERROR'
  /** The file, its folder or its medium is not writable, or its server was started for reading only. */
  | 'READ_ONLY'
  /** The database could not be created or opened at this path or name. */
  | 'INITIALIZATION_FAILED'
  /** The file is not an SQLite database. It was not changed. */
  | 'NOT_A_DATABASE'
  /** The file is a damaged or truncated SQLite database. It was not changed. */
  | 'CORRUPT'
  /** A newer program wrote the database. It was not changed. */
  | 'NEWER_SCHEMA'
  /** A table has other columns than this program's, or a migration was edited or is missing. Nothing was changed. */
  | 'SCHEMA_MISMATCH'
  /** The file is in WAL mode, which cannot be shared without shared memory. It was not changed. */
  | 'WAL_MODE'
  /** No lock provider works here, so other processes could not be locked out. */
  | 'LOCKS_UNAVAILABLE'
  /** This storage does not exist in this environment (for instance IndexedDB in Node). */
  | 'STORAGE_UNAVAILABLE'
  /**
   * The stored data was moved, removed or replaced while open (a file moved, site data cleared). Reads and writes are
   * refused; no other database is used instead.
   */
  | 'STORAGE_RESET'
  /** The stored data has a format that this version cannot read. It was not changed. */
  | 'UNREADABLE_STORAGE'
  /** The database is encrypted, and was opened without a key. It was not changed. */
  | 'KEY_REQUIRED'
  /** The database is encrypted with another key, or is not encrypted. It was not changed. */
  | 'WRONG_KEY'
  /** The worker that owns the database ended before it answered; whether a write happened is unknown. */
  | 'WORKER_GONE'
  /**
   * The server of a remote database cannot be reached, or the connection ended before it answered; whether a pending write
   * happened is then unknown. Later calls succeed once it is reached again.
   */
  | 'CONNECTION_LOST'
  /** The server of a remote database refused the token. */
  | 'UNAUTHORIZED'
  /** The record is held, so it is neither deleted nor redacted. Nothing was changed. */
  | 'HELD'
  /** A constraint of the schema was violated. */
  | 'CONSTRAINT'
  /** The target of an export or a backup already exists, or the database to restore into is not empty. */
  | 'ALREADY_EXISTS'
  /**
   * The backup does not match its manifest, its parts differ, a row breaks a rule, or it is not a backup. Nothing was
   * restored.
   */
  | 'BACKUP_INVALID'
  /** The database has no change log. `enableHistory` creates one. */
  | 'NO_CHANGE_LOG'
  /**
   * A reader's position belongs to another database than this one: it was restored, reset or imported since, or an older
   * copy took its place. Read the rows themselves, and go on from the end of the change log.
   */
  | 'CHANGE_LOG_RESET'
  /** A query in SQL was ended by its time limit (`timeoutMs`). */
  | 'TIMEOUT'
  /** A proof or a signature is wrong, or a row does not have the hash that the change log has of it. */
  | 'PROOF_INVALID'
  /** The caller's `AbortSignal` fired. Nothing half-written remains. A cleanup keeps what it deleted. */
  | 'ABORTED'
  /** The database was closed before the operation could run. */
  | 'CLOSED'
  /** The installed sql.js is not a build that this program supports. */
  | 'UNSUPPORTED_SQLJS'
  /** SQLite refused something it should have accepted: a bug in this program. */
  | 'INTERNAL';

/** Details of a {@link PersistenceError}. */
export interface PersistenceErrorDetails {
  /** Method that failed (`saveReceipt`). */
  readonly operation: string;
  /** The original error: of SQLite, the storage or the operating system. */
  readonly cause?: unknown;
  /** Remedy, as one sentence. Options of the API are in backticks. */
  readonly hint?: string;
}

/** The class of every error that this package throws on purpose. */
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
