import { memoryStorage, type Storage } from '@ggen-sim/sqljs-vfs';
import { indexedDbStorage } from '@ggen-sim/sqljs-vfs/indexeddb';
import { opfsStorage } from '@ggen-sim/sqljs-vfs/opfs';
import { PersistenceError } from '../api/errors.ts';
import type { OpenOptions } from '../api/persistence.ts';

/** Makes the storage that the options name. */
export function openStorage(options: OpenOptions): Storage {
  if (options.storage === 'memory') return memoryStorage();
  if (options.storage === 'indexeddb') {
    return indexedDbStorage(options.name, { durability: options.durability ?? 'strict' });
  }
  if (options.storage === 'opfs') return opfsStorage(options.name);
  throw new PersistenceError(
    'STORAGE_UNAVAILABLE',
    `The storage "${options.storage}" does not exist in a page`,
    {
      operation: 'open',
    },
  );
}
