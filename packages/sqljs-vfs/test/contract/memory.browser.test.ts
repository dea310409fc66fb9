import { describe, expect, it } from 'vitest';
import { MemoryDisk, memoryStorage } from '../../src/index.ts';
import { describeStorage } from '../../src/testing/index.ts';
import { holesInMemory } from './memory-skips.ts';

// The same suite as in Node, to show that it also works in a page.
describeStorage(
  'memory, in a page',
  () => {
    const disk = new MemoryDisk();
    return { storage: () => memoryStorage(disk) };
  },
  { framework: { describe, expect, it }, skip: holesInMemory },
);
