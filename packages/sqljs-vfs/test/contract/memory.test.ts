import { describe, expect, it } from 'vitest';
import { MemoryDisk, memoryStorage } from '../../src/index.ts';
import { describeStorage } from '../../src/testing/index.ts';
import { holesInMemory } from './memory-skips.ts';

describeStorage(
  'memory',
  () => {
    const disk = new MemoryDisk();
    return { storage: () => memoryStorage(disk) };
  },
  { framework: { describe, expect, it }, skip: holesInMemory },
);
