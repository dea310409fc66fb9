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

/** Reads every stored record, by its key. */
export async function storedRecords(name: string): Promise<Map<IDBValidKey, unknown>> {
  const connection = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(name);
    request.addEventListener('success', () => resolve(request.result));
  });
  const store = connection.transaction('pages').objectStore('pages');
  const [keys, values] = [store.getAllKeys(), store.getAll()];
  await new Promise((resolve) => store.transaction.addEventListener('complete', resolve));
  connection.close();
  return new Map(keys.result.map((key, index) => [key, values.result[index] as unknown]));
}
