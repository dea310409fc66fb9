import type { Storage } from '../../src/contract/storage.ts';
import {
  indexedDbStorage,
  type IndexedDbStorageOptions,
} from '../../src/storages/indexeddb/indexeddb.browser.ts';

/** The key of encrypted databases in tests. */
export const KEY: Uint8Array<ArrayBuffer> = new Uint8Array(32).fill(7);

/** Makes a storage that encrypts, as `openDatabase` does when it has a key. */
export function encryptedStorage(name: string, options?: IndexedDbStorageOptions): Storage {
  const storage = indexedDbStorage(name, options);
  void storage.useKey?.(KEY);
  return storage;
}
