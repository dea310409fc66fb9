import { ResultCode, SqliteError, UncertainCommit, VfsError, type VfsErrorCode } from '@ggen-sim/sqljs-vfs';
import { PersistenceError, type PersistenceErrorCode } from '../api/errors.ts';

interface Meaning {
  readonly code: PersistenceErrorCode;
  readonly message: string;
  readonly hint?: string;
}

const meanings: Record<number, Meaning> = {
  [ResultCode.BUSY]: {
    code: 'DATABASE_LOCKED',
    message: 'Database locked',
    hint: 'Another process or tab holds it; try again when it has finished.',
  },
  [ResultCode.NOMEM]: { code: 'INTERNAL', message: 'SQLite ran out of memory' },
  [ResultCode.READONLY]: {
    code: 'READ_ONLY',
    message: 'The database cannot be written',
    hint: 'Check the permissions of the file and its folder.',
  },
  [ResultCode.IOERR]: { code: 'IO_ERROR', message: 'The storage failed' },
  [ResultCode.CORRUPT]: {
    code: 'CORRUPT',
    message: 'The database file is damaged',
    hint: 'Restore a backup; the file was left as it is.',
  },
  [ResultCode.FULL]: {
    code: 'DISK_FULL',
    message: 'No room left for the database',
    hint: 'Make room and save again; what was acknowledged before is kept.',
  },
  [ResultCode.CANTOPEN]: { code: 'IO_ERROR', message: 'A database file could not be opened' },
  [ResultCode.TOOBIG]: {
    code: 'INVALID_ARGUMENT',
    message: 'A value is too big for SQLite (1,000,000,000 bytes)',
  },
  [ResultCode.CONSTRAINT]: { code: 'CONSTRAINT', message: 'A rule of the schema was violated' },
  [ResultCode.NOTADB]: { code: 'NOT_A_DATABASE', message: 'The file is not an SQLite database' },
};

const vfsCodes: Record<VfsErrorCode, PersistenceErrorCode> = {
  UNSUPPORTED_SQLJS: 'UNSUPPORTED_SQLJS',
  NOT_A_DATABASE: 'NOT_A_DATABASE',
  WAL_MODE: 'WAL_MODE',
  CANNOT_OPEN: 'INITIALIZATION_FAILED',
  LOCKS_UNAVAILABLE: 'LOCKS_UNAVAILABLE',
  STORAGE_UNAVAILABLE: 'STORAGE_UNAVAILABLE',
  STORAGE_RESET: 'STORAGE_RESET',
  UNREADABLE_STORAGE: 'UNREADABLE_STORAGE',
  CLOSED: 'CLOSED',
  IN_TRANSACTION: 'INTERNAL',
};

/** SQLite's plain "error" for a schema format above 4, which no SQLite writes. */
const UNKNOWN_FORMAT = /^unsupported file format/;

/** SQLite's plain "error" for statements of ours that no longer fit the tables and indexes that are there. */
const OTHER_SCHEMA = /^no such (?:table|column|index|module)|^no query solution|is circularly defined$/;

/** The primary result code behind an error, if SQLite reported it. */
export function resultCodeOf(error: unknown): number | undefined {
  return error instanceof SqliteError ? error.resultCode & 0xff : undefined;
}

/** What SQLite would report if it had noticed itself. */
export function damagedDatabase(reason: string): SqliteError {
  return new SqliteError(ResultCode.CORRUPT, reason);
}

/** Says in our words what went wrong underneath. Errors that are ours already stay as they are. */
export function toPersistenceError(error: unknown, operation: string): PersistenceError {
  if (error instanceof PersistenceError) return error;
  if (error instanceof VfsError) {
    return new PersistenceError(vfsCodes[error.code], error.message, {
      operation,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  if (error instanceof UncertainCommit) {
    return new PersistenceError(
      'IO_ERROR',
      'The storage failed at the end; whether it is saved is uncertain',
      {
        operation,
        cause: error.cause,
        hint: 'Look whether it is there before saving it again; saving a receipt with ifAbsent does both.',
      },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  const resultCode = UNKNOWN_FORMAT.test(reason) ? ResultCode.CORRUPT : resultCodeOf(error);
  if (resultCode === ResultCode.ERROR && OTHER_SCHEMA.test(reason)) {
    return new PersistenceError('SCHEMA_MISMATCH', `The database's schema is not ours any more (${reason})`, {
      operation,
      cause: error,
      hint: 'Verify it, or restore a backup.',
    });
  }
  const meaning = meanings[resultCode ?? -1];
  if (!meaning) return new PersistenceError('INTERNAL', reason, { operation, cause: error });
  return new PersistenceError(meaning.code, `${meaning.message} (${reason})`, {
    operation,
    cause: error,
    ...(meaning.hint === undefined ? {} : { hint: meaning.hint }),
  });
}
