import { changeDatabaseKey, type ChangeKeyOptions, memoryStorage, type Storage } from '@ggen-sim/sqljs-vfs';
import { changeIndexedDbKey, indexedDbStorage } from '@ggen-sim/sqljs-vfs/indexeddb';
import { opfsStorage } from '@ggen-sim/sqljs-vfs/opfs';
import { PersistenceError } from '../api/errors.ts';
import type { OpenOptions } from '../api/persistence.ts';

/** Makes the storage that the options name. */
export function openStorage(options: OpenOptions): Storage {
  if (options.storage === 'memory') return memoryStorage();
  if (options.storage === 'indexeddb') {
    const { name, durability = 'strict', create = true, cacheSizeBytes } = options;
    return indexedDbStorage(name, {
      durability,
      create,
      ...(cacheSizeBytes !== undefined && { cacheSizeBytes }),
    });
  }
  if (options.storage === 'opfs') return opfsStorage(options.name, { create: options.create ?? true });
  throw new PersistenceError(
    'STORAGE_UNAVAILABLE',
    `The storage "${options.storage}" does not exist in a page`,
    {
      operation: 'open',
    },
  );
}

/** Changes the key of the database that the options name. */
export function changeStoredKey(options: OpenOptions, change: ChangeKeyOptions): Promise<void> {
  if (options.storage === 'indexeddb') {
    return changeIndexedDbKey(options.name, { key: change.key, newKey: change.newKey });
  }
  return changeDatabaseKey(openStorage(options), change);
}
