import type { Storage } from '../contract/storage.ts';
import { memoryStorage } from '../storages/memory/memory.ts';

/** Makes room for a copy: in memory, because SQLite reads synchronously. */
export function copyStorage(_database: Storage): Storage {
  return memoryStorage();
}
