/** Runs cases of the contract suite in a dedicated worker, which has synchronous access handles and reads Blobs. */
import { expect } from 'vitest';
import { opfsStorage } from '../../src/storages/opfs/opfs.browser.ts';
import {
  StorageTestContext,
  storageCases,
  type StorageHarness,
  transactionHarness,
} from '../../src/testing/index.ts';
import { encryptedHarness, indexedDbHarness } from '../contract/transaction-harness.browser.ts';
import { KEY } from '../indexeddb/encrypted-storage.browser.ts';
import { serveCalls } from './calls.browser.ts';

function opfsHarness(title: string): Promise<StorageHarness> {
  const storage = (): ReturnType<typeof opfsStorage> => opfsStorage(`suite ${title}`);
  return transactionHarness(storage(), storage, storage);
}

const makers = {
  opfs: opfsHarness,
  encryptedOpfs: async (title: string): Promise<StorageHarness> => ({
    ...(await opfsHarness(`encrypted ${title}`)),
    key: KEY,
  }),
  indexeddb: indexedDbHarness,
  encrypted: encryptedHarness,
};

serveCalls({
  async runCase(kind: keyof typeof makers, title: string) {
    const storageCase = storageCases.find((candidate) => candidate.title === title);
    if (!storageCase) throw new RangeError(`no such case: ${title}`);
    const context = new StorageTestContext(await makers[kind](title), expect);
    try {
      await storageCase.run(context);
    } finally {
      await context.end();
    }
  },
});
