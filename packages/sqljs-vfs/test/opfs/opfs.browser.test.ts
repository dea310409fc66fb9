import { describe, expect, it } from 'vitest';
import { type TestFramework, describeStorage } from '../../src/testing/index.ts';
import { CalledWorker } from '../workers/calls.browser.ts';

const suite = new CalledWorker(
  new Worker(new URL('../workers/opfs-suite.browser.ts', import.meta.url), { type: 'module' }),
);

/** Declares the cases here and runs each in the worker. */
function inWorker(declare: TestFramework['it']): TestFramework['it'] {
  const declareRemote = (title: string): void =>
    declare(title, async () => void (await suite.call('runCase', title)));
  return Object.assign(declareRemote, { skip: declare.skip });
}

describeStorage(
  'opfs, in a dedicated worker',
  () => {
    throw new Error('the worker makes the storages');
  },
  {
    framework: {
      describe,
      expect,
      it: inWorker(it),
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
  },
);
