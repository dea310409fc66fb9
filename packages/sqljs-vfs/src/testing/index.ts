export {
  describeStorage,
  storageCases,
  type DescribeStorageOptions,
  type SkippedCase,
} from './describe-storage.ts';
export { type StorageCase, StorageTestContext } from './storage-case.ts';
export { type StorageHarness } from './storage-harness.ts';
export { transactionHarness } from './transaction-harness.ts';
export { NOT_FOR_INDEXEDDB, NOT_FOR_OPFS } from './browser-skips.ts';
export { type Matchers, type TestFramework } from './test-framework.ts';
export {
  countingStorage,
  observedStorage,
  type StorageCall,
  type StorageCounts,
} from './observed-storage.ts';
export { wrapFile, wrapStorage } from '../contract/wrap-storage.ts';
