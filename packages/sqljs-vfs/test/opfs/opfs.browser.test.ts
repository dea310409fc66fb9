import { describe, expect, it } from 'vitest';
import { describeStorage } from '../../src/testing/index.ts';
import { inWorker, madeByWorker } from '../contract/suite-in-worker.browser.ts';

describeStorage('opfs, in a dedicated worker', madeByWorker, {
  framework: {
    describe,
    expect,
    it: inWorker('opfs', it),
  },
  skip: [
    {
      case: 'refusal: a file in WAL mode stays the same, unless opened with `exclusive`',
      reason: 'only a killed owner leaves such a file, and its log is taken over',
    },
    {
      case: 'promise 3: a hole at 1 GiB, at the lock bytes, reads as zeros',
      reason: 'a private window keeps these files in memory, holes included',
    },
    {
      case: 'promise 3: offsets beyond 4 GiB are not truncated to 32 bits',
      reason: 'a private window keeps these files in memory, which has less room',
    },
    {
      case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
      reason: 'a gigabyte takes long to write, and the file storage writes one already',
    },
  ],
});
