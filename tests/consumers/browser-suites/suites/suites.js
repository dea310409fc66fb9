/** The published suites, on the storages of browsers, without a test runner of their own. */
import { JestChaiExpect } from '@vitest/expect';
import * as chai from 'chai';
import { openPersistence } from '@ggen-sim/core';
import { describePersistence } from '@ggen-sim/core/testing';
import { indexedDbStorage } from '@ggen-sim/sqljs-vfs/indexeddb';
import { opfsStorage } from '@ggen-sim/sqljs-vfs/opfs';
import {
  describeStorage,
  NOT_FOR_INDEXEDDB,
  NOT_FOR_OPFS,
  transactionHarness,
  wrapFile,
  wrapStorage,
} from '@ggen-sim/sqljs-vfs/testing';

chai.use(JestChaiExpect);

/** Collects the cases that a suite declares. */
function collect(declare) {
  const cases = [];
  const it = Object.assign((title, body) => cases.push({ title, body }), { skip() {} });
  declare({ framework: { describe: (_name, body) => body(), it, expect: chai.expect } });
  return cases;
}

/** A new database in IndexedDB. The connections of a case share the storage that holds its transaction. */
function indexedDbHarness() {
  const name = crypto.randomUUID();
  const storage = indexedDbStorage(name);
  return transactionHarness(
    storage,
    () => storage,
    () => indexedDbStorage(name),
  );
}

/** A new database in OPFS. */
function opfsHarness() {
  const name = crypto.randomUUID();
  const storage = () => opfsStorage(name);
  return transactionHarness(storage(), storage, storage);
}

/** The same with locks that exclude no one. */
async function withoutLocks(makeHarness) {
  const harness = await makeHarness();
  const storage = () => {
    const locking = harness.storage();
    const open = (role, mode) =>
      wrapFile(locking.open(role, mode), { lock: () => true, reserved: () => false });
    return wrapStorage(locking, { open });
  };
  return { ...harness, storage };
}

const storageSuite = (makeHarness, skip) => (options) =>
  describeStorage('', makeHarness, { ...options, skip });

const NO_CLOCK = { withoutClock: 'a function cannot be sent to a worker' };

/** The suite of the whole interface, each case with a new database. */
const persistenceSuite = (own, suiteOptions) => (options) =>
  describePersistence(
    '',
    () => {
      const name = crypto.randomUUID();
      return { open: (given) => openPersistence({ name, ...own, ...given }) };
    },
    { ...options, ...suiteOptions },
  );

const SUITES = {
  'storage indexeddb': storageSuite(indexedDbHarness, NOT_FOR_INDEXEDDB),
  'storage indexeddb without locks': storageSuite(() => withoutLocks(indexedDbHarness), NOT_FOR_INDEXEDDB),
  'storage opfs': storageSuite(opfsHarness, NOT_FOR_OPFS),
  'storage opfs without locks': storageSuite(() => withoutLocks(opfsHarness), NOT_FOR_OPFS),
  'persistence indexeddb in process': persistenceSuite({ storage: 'indexeddb', worker: false }),
  'persistence indexeddb': persistenceSuite({ storage: 'indexeddb' }, NO_CLOCK),
  'persistence opfs in process': persistenceSuite({ storage: 'opfs', worker: false }),
  'persistence opfs': persistenceSuite({ storage: 'opfs' }, NO_CLOCK),
  'persistence opfs exclusive': persistenceSuite({ storage: 'opfs', exclusive: true }, NO_CLOCK),
};

/**
 * Runs a suite.
 * @param onCase - called with the title of each case when it begins
 * @returns how many cases passed, and what failed in the others
 */
export async function runSuite(name, onCase) {
  let passed = 0;
  const failures = [];
  for (const { title, body } of collect(SUITES[name])) {
    onCase(title);
    try {
      await body();
      passed += 1;
    } catch (error) {
      failures.push(`${title}: ${error?.message ?? error}`);
    }
  }
  return { passed, failures };
}
