import path from 'node:path';
import { memoryStorage, type Storage } from '@ggen-sim/sqljs-vfs';
import { temporaryStorage } from '@ggen-sim/sqljs-vfs/internal/file';
import type { Scratch } from './scratch.ts';

/**
 * Makes room for a copy of a database: in a file without a name in the database's own folder, or in memory for a
 * database in memory.
 * @throws the system's error when the folder cannot be written
 */
export function createScratch({ capabilities, name }: Storage): Scratch {
  if (capabilities.kind !== 'file') return { storage: memoryStorage(), inMemory: true };
  return { storage: temporaryStorage(path.dirname(name)), inMemory: false };
}
