import type { Storage } from '../../src/contract/storage.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { type StorageHarness, transactionHarness } from '../../src/testing/index.ts';
import { encryptedStorage } from '../indexeddb/encrypted-storage.browser.ts';

/** Makes the harness of a new database in IndexedDB. The connections of a case share the storage that holds the transaction. */
function newDatabase(makeStorage: (name: string) => Storage): Promise<StorageHarness> {
  const name = crypto.randomUUID();
  const storage = makeStorage(name);
  return transactionHarness(
    storage,
    () => storage,
    () => makeStorage(name),
  );
}

export const indexedDbHarness = (): Promise<StorageHarness> => newDatabase(indexedDbStorage);
export const encryptedHarness = (): Promise<StorageHarness> => newDatabase(encryptedStorage);
