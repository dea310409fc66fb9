import type { SkippedCase } from '../../src/testing/index.ts';

/** Cases that need more memory than a test should take. */
export const holesInMemory: readonly SkippedCase[] = [
  {
    case: 'promise 3: a hole at 1 GiB, where the lock bytes are, reads as zeros',
    reason: 'memory holds every byte of a hole',
  },
  {
    case: 'promise 3: offsets beyond 4 GiB are not cut to 32 bits',
    reason: 'memory holds every byte of a hole',
  },
  {
    case: 'database: past 1 GiB the page with the lock bytes is left out and the file is sound',
    reason: 'a test should not need gigabytes of memory',
  },
];
