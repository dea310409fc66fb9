import { memoryStorage, type Storage } from '@ggen-sim/sqljs-vfs';
import { fitsInMemory, type Scratch } from './scratch.ts';

/** Makes room for a copy of a database: in memory, because SQLite reads synchronously. */
export function createScratch(_database: Storage): Scratch {
  return { storage: memoryStorage(), hasRoomFor: fitsInMemory };
}
