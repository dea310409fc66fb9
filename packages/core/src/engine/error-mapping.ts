import {
  ResultCode,
  SqliteError,
  TemporaryFileError,
  UncertainCommit,
  VfsError,
  type VfsErrorCode,
} from '@ggen-sim/sqljs-vfs';
import { PersistenceError, type PersistenceErrorCode } from '../api/errors.ts';

/** Code, message and hint for a result code of SQLite. */
interface Meaning {
  readonly code: PersistenceErrorCode;
  readonly message: string;
  readonly hint?: string;
}

const MEANINGS: Record<number, Meaning> = {
  [ResultCode.BUSY]: {
    code: 'DATABASE_LOCKED',
    message: 'Database locked',
    hint: 'Another process or tab holds the lock. Try again when it has finished.',
  },
  [ResultCode.NOMEM]: {
    code: 'IO_ERROR',
    message: 'SQLite ran out of memory',
    hint: 'A row that needs more memory than there is may be damaged: check the database with `verify`.',
  },
  [ResultCode.READONLY]: {
    code: 'READ_ONLY',
    message: 'The database cannot be written',
    hint: 'Check the permissions of the file and its folder.',
  },
  [ResultCode.IOERR]: { code: 'IO_ERROR', message: 'The storage failed' },
  [ResultCode.CORRUPT]: {
    code: 'CORRUPT',
    message: 'The database file is damaged',
    hint: 'Restore a backup. The file was left untouched.',
  },
  [ResultCode.FULL]: {
    code: 'DISK_FULL',
    message: 'There is no room left for the database',
    hint: 'Make room and save again. Everything acknowledged before is kept.',
  },
  [ResultCode.CANTOPEN]: { code: 'IO_ERROR', message: 'A database file could not be opened' },
  [ResultCode.TOOBIG]: {
    code: 'INVALID_ARGUMENT',
    message: 'A value is too big for SQLite (1,000,000,000 bytes)',
  },
  [ResultCode.CONSTRAINT]: { code: 'CONSTRAINT', message: 'A constraint of the schema was violated' },
  [ResultCode.NOTADB]: { code: 'NOT_A_DATABASE', message: 'The file is not an SQLite database' },
};

const VFS_CODES: Record<VfsErrorCode, PersistenceErrorCode> = {
  UNSUPPORTED_SQLJS: 'UNSUPPORTED_SQLJS',
  NOT_A_DATABASE: 'NOT_A_DATABASE',
  WAL_MODE: 'WAL_MODE',
  CANNOT_OPEN: 'INITIALIZATION_FAILED',
  NOT_FOUND: 'NOT_FOUND',
  LOCKS_UNAVAILABLE: 'LOCKS_UNAVAILABLE',
  STORAGE_UNAVAILABLE: 'STORAGE_UNAVAILABLE',
  STORAGE_RESET: 'STORAGE_RESET',
  UNREADABLE_STORAGE: 'UNREADABLE_STORAGE',
  KEY_REQUIRED: 'KEY_REQUIRED',
  WRONG_KEY: 'WRONG_KEY',
  CORRUPT: 'CORRUPT',
  CLOSED: 'CLOSED',
  IN_TRANSACTION: 'INTERNAL',
  OUTSIDE_TRANSACTION: 'INTERNAL',
};

/** Message of SQLITE_ERROR for a schema format above 4, which no SQLite writes. */
const UNKNOWN_FORMAT = /^unsupported file format/;

/** Messages of SQLITE_ERROR for this program's statements when the tables and indexes no longer fit them. */
const OTHER_SCHEMA =
  /^no such (?:table|column|index|module|function)|^unknown function|^no query solution|is circularly defined$/;

/** Returns the primary result code of an error that SQLite reported; undefined for any other error. */
export function resultCodeOf(error: unknown): number | undefined {
  return error instanceof SqliteError ? error.resultCode & 0xff : undefined;
}

/** Makes the error that SQLite would report if it had detected the damage itself. */
export function damagedDatabase(reason: string): SqliteError {
  return new SqliteError(ResultCode.CORRUPT, reason);
}

function temporaryFileMeaning({ directory }: TemporaryFileError, resultCode: number | undefined): Meaning {
  const isFull = resultCode === ResultCode.FULL;
  return {
    code: isFull ? 'DISK_FULL' : 'IO_ERROR',
    message: isFull
      ? `There is no room left for temporary files in ${directory}`
      : `A temporary file in ${directory} failed`,
    hint: `Make room in ${directory}, or set SQLITE_TMPDIR to another folder. Everything acknowledged before is kept.`,
  };
}

/** True when a file failed that SQLite keeps outside the storage; the hint of the error names its folder. */
export function isTemporaryFileFailure({ cause }: PersistenceError): boolean {
  return cause instanceof SqliteError && cause.cause instanceof TemporaryFileError;
}

/** True when the transaction that failed may be committed. */
export function isUncertain({ cause }: PersistenceError): boolean {
  return cause instanceof UncertainCommit;
}

/** Maps an error of SQLite or the storage to a `PersistenceError`. Returns a `PersistenceError` as it is. */
export function toPersistenceError(error: unknown, operation: string): PersistenceError {
  if (error instanceof PersistenceError) return error;
  if (error instanceof VfsError) {
    return new PersistenceError(VFS_CODES[error.code], error.message, {
      operation,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  if (error instanceof UncertainCommit) {
    return new PersistenceError(
      'IO_ERROR',
      'The storage failed at the end of the commit, so it is uncertain whether the change is stored',
      {
        operation,
        cause: error,
        hint: 'Check whether it is stored before you try again; saving a receipt with `ifAbsent` does both.',
      },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  const resultCode = UNKNOWN_FORMAT.test(reason) ? ResultCode.CORRUPT : resultCodeOf(error);
  if (resultCode === ResultCode.ERROR && OTHER_SCHEMA.test(reason)) {
    return new PersistenceError(
      'SCHEMA_MISMATCH',
      `The schema of the database is no longer the one that this program needs (${reason})`,
      {
        operation,
        cause: error,
        hint: 'Check the database with `verify`, or restore a backup.',
      },
    );
  }
  const cause = error instanceof SqliteError ? error.cause : undefined;
  const meaning =
    cause instanceof TemporaryFileError
      ? temporaryFileMeaning(cause, resultCode)
      : MEANINGS[resultCode ?? -1];
  if (!meaning) return new PersistenceError('INTERNAL', reason, { operation, cause: error });
  return new PersistenceError(meaning.code, `${meaning.message} (${reason})`, {
    operation,
    cause: error,
    ...(meaning.hint === undefined ? {} : { hint: meaning.hint }),
  });
}
