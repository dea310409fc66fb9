import type { Storage } from '@ggen-sim/sqljs-vfs';

/** Room for a copy of a database, which only this process can reach and which ends with it. */
export interface Scratch {
  readonly storage: Storage;
  /** Descriptor of the copy's file, by which other threads of this process read it; undefined in memory. */
  readonly descriptor?: number;
  /** Tells if a copy of this size fits without taking the last room: of the memory, or of the disk with the database. */
  hasRoomFor(sizeBytes: number): boolean;
}

/** Size of the largest database that is copied in memory. */
const MAX_COPY_IN_MEMORY_BYTES = 128 * 1024 * 1024;

/** {@link Scratch.hasRoomFor} of a copy in memory. */
export function fitsInMemory(sizeBytes: number): boolean {
  return sizeBytes <= MAX_COPY_IN_MEMORY_BYTES;
}
