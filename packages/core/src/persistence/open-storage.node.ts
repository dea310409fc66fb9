import { changeDatabaseKey, type ChangeKeyOptions, memoryStorage, type Storage } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { readOnlyFileStorage } from '@ggen-sim/sqljs-vfs/internal/file';
import { PersistenceError } from '../api/errors.ts';
import type { OpenOptions } from '../api/persistence.ts';

/** Makes the storage that the options name. */
export function openStorage(options: OpenOptions): Storage {
  if (options.storage === 'memory') return memoryStorage();
  if (options.storage !== 'file') {
    throw new PersistenceError(
      'STORAGE_UNAVAILABLE',
      `The storage "${options.storage}" does not exist in Node`,
      {
        operation: 'open',
      },
    );
  }
  const { path, singleProcess = false, create = true, readOnly = false, rangeLocks } = options;
  if (readOnly) return readOnlyFileStorage(path, rangeLocks && { rangeLocks });
  return fileStorage(path, { singleProcess, create, ...(rangeLocks && { rangeLocks }) });
}

/** Changes the key of the database that the options name. */
export function changeStoredKey(options: OpenOptions, change: ChangeKeyOptions): Promise<void> {
  return changeDatabaseKey(openStorage(options), change);
}
