/** Runs cases of the contract suite in a dedicated worker, which has synchronous access handles. */
import { expect } from 'vitest';
import { opfsStorage } from '../../src/storages/opfs/opfs.browser.ts';
import { StorageTestContext, storageCases } from '../../src/testing/index.ts';
import { transactionHarness } from '../contract/transaction-harness.browser.ts';
import { serveCalls } from './calls.browser.ts';

serveCalls({
  async runCase(title) {
    const storageCase = storageCases.find((candidate) => candidate.title === title);
    if (!storageCase) throw new RangeError(`no such case: ${title}`);
    const storage = (): ReturnType<typeof opfsStorage> => opfsStorage(`suite ${title}`);
    const context = new StorageTestContext(await transactionHarness(storage(), storage, storage), expect);
    try {
      await storageCase.run(context);
    } finally {
      await context.end();
    }
  },
});
