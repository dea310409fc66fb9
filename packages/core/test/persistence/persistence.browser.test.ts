/** The persistence suite in a page: on every storage of browsers, in process and behind a worker. */
import * as Comlink from 'comlink';
import { describe, expect, it } from 'vitest';
import { type EncryptionKey, openPersistence } from '../../src/index.ts';
import { type PersistenceHarness, type TestFramework, describePersistence } from '../../src/testing/index.ts';
import { expectOrdinaryFile } from './opfs-files.browser.ts';
import type { SuiteWorker } from './persistence-suite.worker.browser.ts';

const framework = { describe, expect, it };
const withoutClock = 'a function cannot be sent to a worker';
const behindWorker = { withoutClock, framework };

describePersistence(
  'memory, in process',
  () => ({ open: (options) => openPersistence({ storage: 'memory', worker: false, ...options }) }),
  { framework },
);

describePersistence('memory, in a worker', () => ({ open: () => openPersistence({ storage: 'memory' }) }), {
  ...behindWorker,
});

function indexedDbHarness(options: {
  worker: boolean;
  durability?: 'relaxed';
  key?: EncryptionKey;
}): PersistenceHarness {
  const name = crypto.randomUUID();
  return {
    open: (given) => openPersistence({ storage: 'indexeddb', name, ...options, ...given }),
    remove: () => void indexedDB.deleteDatabase(name),
  };
}

describePersistence('indexeddb, in process', () => indexedDbHarness({ worker: false }), { framework });

describePersistence('indexeddb, in a worker', () => indexedDbHarness({ worker: true }), {
  ...behindWorker,
});

describePersistence(
  'indexeddb, encrypted and relaxed, in a worker',
  () => indexedDbHarness({ worker: true, durability: 'relaxed', key: new Uint8Array(32).fill(7) }),
  { ...behindWorker },
);

describePersistence(
  'opfs, in a worker',
  () => {
    const name = crypto.randomUUID();
    return { open: () => openPersistence({ storage: 'opfs', name }) };
  },
  { ...behindWorker },
);

for (const own of [{ exclusive: true }, { exclusive: true, durability: 'relaxed' }] as const) {
  describePersistence(
    `opfs, exclusive ${own.durability ?? 'strict'}, in a worker`,
    () => {
      const name = crypto.randomUUID();
      return {
        open: () => openPersistence({ storage: 'opfs', name, ...own }),
        remove: () => expectOrdinaryFile(name),
      };
    },
    { ...behindWorker },
  );
}

const suite = Comlink.wrap<SuiteWorker>(
  new Worker(new URL('./persistence-suite.worker.browser.ts', import.meta.url), { type: 'module' }),
);

/** Declares cases here and runs each in the worker. */
function runInWorker(declare: TestFramework['it'], exclusive: boolean): TestFramework['it'] {
  const declareRemote = (title: string): void => declare(title, () => suite.runCase(title, exclusive));
  return Object.assign(declareRemote, { skip: declare.skip });
}

for (const exclusive of [false, true]) {
  describePersistence(
    `opfs${exclusive ? ', exclusive' : ''}, in process in a dedicated worker`,
    () => {
      throw new Error('the worker makes its own harness');
    },
    {
      framework: {
        describe,
        expect,
        it: runInWorker(it, exclusive),
      },
    },
  );
}
