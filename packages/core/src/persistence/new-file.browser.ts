import { PersistenceError } from '../api/errors.ts';
import type { FileOpenOptions, RestoreOptions, RestoreReport } from '../api/persistence.ts';

/** @throws {PersistenceError} `STORAGE_UNAVAILABLE` always: a browser has no files */
export function restoreToNewFile(file: FileOpenOptions, _options: RestoreOptions): Promise<RestoreReport> {
  const message = `The storage "${file.storage}" does not exist in a page`;
  return Promise.reject(
    new PersistenceError('STORAGE_UNAVAILABLE', message, { operation: 'restoreToNewFile' }),
  );
}
