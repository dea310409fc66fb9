import type { SkippedCase } from '../../src/testing/index.ts';

/** Cases that need more memory than a test should use. */
export const holesInMemory: readonly SkippedCase[] = [
  {
    case: 'promise 3: a hole at 1 GiB, at the lock bytes, reads as zeros',
    reason: 'memory stores every byte of a hole',
  },
  {
    case: 'promise 3: offsets beyond 4 GiB are not truncated to 32 bits',
    reason: 'memory stores every byte of a hole',
  },
  {
    case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
    reason: 'a test should not need gigabytes of memory',
  },
];
