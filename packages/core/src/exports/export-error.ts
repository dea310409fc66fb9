import { VfsError } from '@ggen-sim/sqljs-vfs';
import type { PersistenceError } from '../api/errors.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import { StreamFailure, toIoError } from '../streams/io-error.ts';

/**
 * Maps an error of an export, a backup or a restore to a `PersistenceError`.
 * @param path - the file or folder, or null for a stream
 */
export function toExportError(error: unknown, operation: string, path: string | null): PersistenceError {
  if (error instanceof StreamFailure) return toIoError(error.cause, operation, path ?? 'the stream');
  // An error of the file system has a string as its code (`ENOENT`). So has one of the storage; one of SQLite has not.
  const isIoError =
    typeof (error as { code?: unknown } | undefined)?.code === 'string' && !(error instanceof VfsError);
  return isIoError ? toIoError(error, operation, path ?? 'the stream') : toPersistenceError(error, operation);
}
