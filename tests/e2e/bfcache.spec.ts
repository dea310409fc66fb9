/** Pages in Chromium's back-forward cache, and frozen pages, which keep their locks and files. */
import type { BrowserContext, Page } from '@playwright/test';
import { AcknowledgedWrites } from './support/acknowledged-writes.ts';
import { wholeChromiumLaunch } from '../support/chromium-launch.ts';
import { expect, openSimulator, ready, test } from './support/fixtures.ts';
import { comeBack, goAway, reasonsToBlame, type Return } from './support/page-away.ts';
import type { SimulatorPage } from './support/simulator-page.ts';

test.use({
  // Playwright turns the cache off, because a restored page fires no load event.
  launchOptions: { ...wholeChromiumLaunch, ignoreDefaultArgs: ['--disable-back-forward-cache'] },
  // A service worker that takes over an open page evicts it from the cache, and hides its requests from the routes below.
  serviceWorkers: 'block',
});

// Syncing is slow while other processes use the disk.
test.describe.configure({ timeout: 240_000 });

/** Inserts a first line into the database's worker, which an init script does not reach. */
async function beginWorkersWith(target: BrowserContext | Page, line: string): Promise<void> {
  await target.route(/worker\.browser-.*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${line}\n${await response.text()}` });
  });
}

/** Makes the worker open OPFS instead of IndexedDB: an earlier listener changes one word of the page's call. */
const openOpfs = `addEventListener('message', ({ data }) => {
  const options = data.argumentList?.[0]?.value;
  if (options?.storage === 'indexeddb') options.storage = 'opfs';
});`;

/** Drops this worker's notifications of commits, as if it had ended right after them. */
const dropNotifications = `const tell = BroadcastChannel.prototype.postMessage;
BroadcastChannel.prototype.postMessage = function (message) {
  if (!this.name.startsWith('ggen-sim:')) tell.call(this, message);
};`;

/** Saves receipts one after the other. @returns the codes of the failed calls */
function save(simulator: SimulatorPage, prefix: string, count: number): Promise<string[]> {
  return simulator.page.evaluate(
    async ([agentId, saves]) => {
      const failures: string[] = [];
      for (let index = 0; index < saves; index += 1) {
        const receipt = {
          executionId: `${agentId}-${index}`,
          agentId,
          agentType: 'test',
          receipt: {},
        };
        await globalThis.ggenSim.persistence
          .saveReceipt(receipt)
          .catch((error: unknown) => failures.push((error as { code: string }).code));
      }
      return failures;
    },
    [prefix, count] as const,
  );
}

/** Returns the names of our locks that any page or worker holds. */
function heldLocks(page: Page): Promise<(string | undefined)[]> {
  return page.evaluate(async () => {
    const { held = [] } = await navigator.locks.query();
    return held.map(({ name }) => name).filter((name) => name?.startsWith('sqljs-vfs'));
  });
}

/** Returns the name of the lock that a commit takes while other tabs write. */
async function writerLockOf({ page }: SimulatorPage): Promise<string> {
  const { path } = await page.evaluate(() => globalThis.ggenSim.persistence.info());
  return `sqljs-vfs:${path}`;
}

/** Returns the names of our locks with pending requests. */
function waitedForLocks(page: Page): Promise<(string | undefined)[]> {
  return page.evaluate(async () => {
    const { pending = [] } = await navigator.locks.query();
    return pending.map(({ name }) => name).filter((name) => name?.startsWith('sqljs-vfs'));
  });
}

/** Waits until no page holds one of our locks. */
async function expectAtRest({ page }: SimulatorPage): Promise<void> {
  await expect.poll(() => heldLocks(page)).toEqual([]);
}

const crashed = expect.stringMatching(/(?:Page|Target) crashed/) as unknown;

/**
 * Goes back, as {@link comeBack}. Chromium crashes when it evicts a page with open OPFS files. This function then opens
 * the page again, and the test only requires that no data is lost.
 * @returns the page to continue with, and its way back unless it crashed
 */
async function comeBackOrReopen(
  simulator: SimulatorPage,
  storage: string,
  openTab: () => Promise<SimulatorPage>,
): Promise<{ after: SimulatorPage; back?: Return }> {
  try {
    return { after: simulator, back: await comeBack(simulator.page) };
  } catch (error) {
    expect([storage, (error as Error).message]).toEqual(['opfs', crashed]);
    return { after: await openTab() };
  }
}

const idsOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

async function expectStored(simulator: SimulatorPage, executionIds: readonly string[]): Promise<void> {
  const stored = new Set(await simulator.executionIds());
  expect(executionIds.filter((executionId) => !stored.has(executionId))).toEqual([]);
  expect(await simulator.verified()).toBe(true);
}

for (const storage of ['indexeddb', 'opfs'] as const) {
  test.describe(storage, () => {
    test.beforeEach(async ({ context }) => {
      await context.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
      if (storage === 'opfs') await beginWorkersWith(context, openOpfs);
    });

    test('the storage under test is the one named', async ({ simulator }) => {
      const info = await simulator.page.evaluate(() => globalThis.ggenSim.persistence.info());
      expect(info.storage).toBe(storage);
    });

    test('a page that leaves while it writes comes back, continues, and has lost no data', async ({
      simulator,
      openTab,
    }) => {
      const writes = new AcknowledgedWrites();
      await writes.startIn(simulator.page, 'before', 15);
      await goAway(simulator.page);
      const { after, back } = await comeBackOrReopen(simulator, storage, openTab);
      if (back) expect(reasonsToBlame(back)).toEqual([]);
      const { length } = writes.executionIds;
      if (back?.restored) await expect.poll(() => writes.executionIds.length).toBeGreaterThan(length + 15);
      await ready(after.page);
      await expectStored(after, writes.executionIds.slice());
      expect(await save(after, 'after', 5)).toEqual([]);
      await expect(after.page.getByRole('alert')).toHaveCount(0);
    });

    test('a page that leaves while it writes blocks no other page, and shows their writes when it comes back', async ({
      simulator,
      openTab,
    }) => {
      const writes = new AcknowledgedWrites();
      await writes.startIn(simulator.page, 'before', 15);
      await goAway(simulator.page);
      const other = await openTab();
      expect(await save(other, 'meanwhile', 20)).toEqual([]);
      const { after } = await comeBackOrReopen(simulator, storage, openTab);
      await ready(after.page);
      await expectStored(after, [...writes.executionIds, ...idsOf('meanwhile', 20)]);
      expect(await save(after, 'after', 5)).toEqual([]);
      for (const tab of [after, other]) {
        await expectStored(tab, [...writes.executionIds, ...idsOf('meanwhile', 20), ...idsOf('after', 5)]);
        await expect(tab.page.getByRole('alert')).toHaveCount(0);
      }
    });

    test('a restored page shows writes of another page without its notifications, and can save', async ({
      simulator,
      context,
    }) => {
      expect(await save(simulator, 'before', 3)).toEqual([]);
      const all = idsOf('before', 3);
      let other: SimulatorPage | undefined;
      // On a busy machine Chromium may reload the page instead of restoring it. That tests nothing, so try again.
      for (let attempt = 1; ; attempt += 1) {
        await expectAtRest(simulator);
        await goAway(simulator.page);
        if (!other) {
          await beginWorkersWith(
            context,
            storage === 'opfs' ? `${openOpfs}\n${dropNotifications}` : dropNotifications,
          );
          other = await openSimulator(context);
        }
        expect(await save(other, `meanwhile-${attempt}`, 5)).toEqual([]);
        all.push(...idsOf(`meanwhile-${attempt}`, 5));
        const back = await comeBack(simulator.page);
        expect(reasonsToBlame(back)).toEqual([]);
        if (back.restored) break;
        expect(attempt).toBeLessThan(6);
        await ready(simulator.page);
      }
      await expect(simulator.count('Receipts')).toHaveText(String(all.length));
      expect(await save(simulator, 'after', 5)).toEqual([]);
      all.push(...idsOf('after', 5));
      for (const tab of [simulator, other]) await expectStored(tab, all);
    });
  });
}

test('a tab frozen while it holds the writer lock blocks no other tab, and continues when it thaws', async ({
  simulator,
  openTab,
  context,
}) => {
  // A tab that notices other writers takes the lock.
  const other = await openTab();
  for (const round of [1, 2]) {
    expect(await save(simulator, `mine-${round}`, 1)).toEqual([]);
    expect(await save(other, `other-${round}`, 1)).toEqual([]);
  }
  const lockName = await writerLockOf(simulator);
  // The page itself takes the lock and keeps it: its worker holds it too briefly.
  await simulator.page.evaluate(
    (name) =>
      new Promise<void>((granted) => {
        void navigator.locks.request(name, () => {
          granted();
          return new Promise(() => undefined);
        });
      }),
    lockName,
  );
  const devtools = await context.newCDPSession(simulator.page);
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
  const meanwhile = save(other, 'meanwhile', 2);
  await expect.poll(() => waitedForLocks(other.page), { intervals: [20] }).toEqual([lockName]);
  expect(await meanwhile).toEqual([]);
  expect(await heldLocks(other.page)).toEqual([lockName]);
  await devtools.send('Page.setWebLifecycleState', { state: 'active' });
  const saved = ['mine-1-0', 'other-1-0', 'mine-2-0', 'other-2-0', ...idsOf('meanwhile', 2)];
  await expectStored(simulator, saved);
  expect(await save(simulator, 'after', 2)).toEqual([]);
  await expectStored(other, [...saved, ...idsOf('after', 2)]);
  for (const tab of [simulator, other]) await expect(tab.page.getByRole('alert')).toHaveCount(0);
});
