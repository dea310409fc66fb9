import path from 'node:path';
import type { Storage } from '../contract/storage.ts';
import { memoryStorage } from '../storages/memory/memory.ts';
import { temporaryStorage } from '../temporary-storage.node.ts';

/** Makes room for a copy: in a file without a name in the folder of the database, which ends with this process. */
export function copyStorage({ capabilities, name }: Storage): Storage {
  return capabilities.kind === 'file' ? temporaryStorage(path.dirname(name)) : memoryStorage();
}
