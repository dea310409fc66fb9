/** Runs the cases of the ORM drivers in a dedicated worker, which has synchronous access handles. */
import { openDatabase } from '../../src/index.ts';
import { opfsStorage } from '../../src/storages/opfs/opfs.browser.ts';
import { describeDrivers } from '../orm/orm-cases.ts';
import { serveCalls } from './calls.browser.ts';

const cases: Map<string, () => Promise<void>> = new Map();
const name = crypto.randomUUID();

describeDrivers(
  'opfs',
  () => openDatabase(opfsStorage(name)),
  (title, run) => cases.set(title, run),
);

serveCalls({
  async runCase(title) {
    const run = cases.get(title);
    if (!run) throw new RangeError(`no such case: ${title}`);
    await run();
  },
});
