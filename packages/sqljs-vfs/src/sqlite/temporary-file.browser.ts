import type { StorageFile } from '../contract/storage.ts';

/** A browser has no temporary files: SQLite's stay in WebAssembly's memory. */
export function openTemporaryFile(): StorageFile | undefined {
  return undefined;
}
