import { describe, expect, it } from 'vitest';
import { describeStorage, NOT_FOR_INDEXEDDB } from '../../src/testing/index.ts';
import { inWorker, madeByWorker } from '../contract/suite-in-worker.browser.ts';
import { encryptedHarness, indexedDbHarness } from '../contract/transaction-harness.browser.ts';

// Each case runs within one write transaction of the storage, on the mirror that its connections share. After the case
// the transaction is committed, and another storage must load the same bytes.
describeStorage('indexeddb, within a transaction', indexedDbHarness, {
  framework: { describe, expect, it },
  skip: NOT_FOR_INDEXEDDB,
});

describeStorage('indexeddb, in a dedicated worker', madeByWorker, {
  framework: { describe, expect, it: inWorker('indexeddb', it) },
  skip: NOT_FOR_INDEXEDDB,
});

describeStorage('indexeddb, encrypted, within a transaction', encryptedHarness, {
  framework: { describe, expect, it },
  skip: NOT_FOR_INDEXEDDB,
});

describeStorage('indexeddb, encrypted, in a dedicated worker', madeByWorker, {
  framework: { describe, expect, it: inWorker('encrypted', it) },
  skip: NOT_FOR_INDEXEDDB,
});
