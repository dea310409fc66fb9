import fs from 'node:fs';
import path from 'node:path';
import { memoryStorage, type Storage } from '@ggen-sim/sqljs-vfs';
import { temporaryStorage } from '@ggen-sim/sqljs-vfs/internal/file';
import { fitsInMemory, type Scratch } from './scratch.ts';

/** Room that a copy leaves to the database, which may grow meanwhile: this part of its size, and at least these bytes. */
const KEPT_PART = 1 / 10;
const KEPT_BYTES = 64 * 1024 * 1024;

/**
 * Makes room for a copy of a database: in a file without a name in the database's own folder, or in memory for a
 * database in memory.
 * @throws the system's error when the folder cannot be written
 */
export function createScratch({ capabilities, name }: Storage): Scratch {
  if (capabilities.kind !== 'file') return { storage: memoryStorage(), hasRoomFor: fitsInMemory };
  const directory = path.dirname(name);
  const storage = temporaryStorage(directory);
  return {
    storage,
    descriptor: storage.descriptor,
    hasRoomFor(sizeBytes) {
      const freeBytes = freeBytesOf(directory);
      if (freeBytes === undefined) return true;
      return freeBytes >= sizeBytes + Math.max(sizeBytes * KEPT_PART, KEPT_BYTES);
    },
  };
}

/** Returns the free room of a disk; undefined where it is unknown, as in Deno without the right to ask for it. */
function freeBytesOf(directory: string): number | undefined {
  try {
    const { bavail, bsize } = fs.statfsSync(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
