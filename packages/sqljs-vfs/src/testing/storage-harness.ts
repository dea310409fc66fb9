import type { Storage } from '../contract/storage.ts';

/** An empty place for one database, made for one test. */
export interface StorageHarness {
  /** Makes a storage on this place. Every call makes another one: what they share is the place. */
  storage(): Storage;
  /** Takes the place away again. */
  remove?(): void | Promise<void>;
}
