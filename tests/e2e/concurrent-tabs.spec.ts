import { expect, test } from './support/fixtures.ts';
import type { SimulatorPage } from './support/simulator-page.ts';

const SAVES_PER_TAB = 200;

/** Saves from every tab at the same time. @returns the codes of the failed calls */
async function writeAtOnce(tabs: readonly SimulatorPage[]): Promise<string[]> {
  const failures = tabs.map(({ page }, tab) =>
    page.evaluate(
      async ([tabName, count]) => {
        const saves = Array.from({ length: count }, (_, index) =>
          globalThis.ggenSim.persistence.saveReceipt({
            executionId: `tab-${tabName}-${index}`,
            agentId: `writer-${tabName}`,
            agentType: 'test',
            receipt: { index },
            durationMs: index,
          }),
        );
        const settled = await Promise.allSettled(saves);
        return settled
          .filter((result) => result.status === 'rejected')
          .map(({ reason }) => (reason as { code: string }).code);
      },
      [tab, SAVES_PER_TAB] as const,
    ),
  );
  return (await Promise.all(failures)).flat();
}

for (const tabCount of [2, 3]) {
  test(`${tabCount} tabs write at once and lose nothing`, async ({ openTab }) => {
    const tabs = await Promise.all(Array.from({ length: tabCount }, () => openTab()));
    expect(await writeAtOnce(tabs)).toEqual([]);
    for (const tab of tabs) {
      const ids = await tab.executionIds();
      expect(ids).toHaveLength(tabCount * SAVES_PER_TAB);
      expect(new Set(ids).size).toBe(tabCount * SAVES_PER_TAB);
      expect(await tab.verified()).toBe(true);
      await expect(tab.count('Receipts')).toHaveText(String(tabCount * SAVES_PER_TAB));
      await expect(tab.page.getByRole('alert')).toHaveCount(0);
    }
  });
}

/** First lines of a worker: locks exclude no tab, and a commit always reads the version that it expects. */
const WITHOUT_GUARDS = `{
const request = navigator.locks.request.bind(navigator.locks);
navigator.locks.request = (name, ...rest) =>
  name.startsWith('sqljs-vfs:') ? Promise.resolve(rest.at(-1)(null)) : request(name, ...rest);
const { get, put } = IDBObjectStore.prototype;
let lastRead;
IDBObjectStore.prototype.get = function (key) {
  const reading = get.call(this, key);
  if (key !== 'meta') return reading;
  const { mode } = this.transaction;
  // The value before this transaction stores the next one.
  const expected = lastRead;
  reading.addEventListener('success', () => {
    if (mode === 'readonly') lastRead = reading.result;
    else if (expected !== undefined) Object.defineProperty(reading, 'result', { value: expected });
  });
  return reading;
};
IDBObjectStore.prototype.put = function (value, key) {
  if (key === 'meta') lastRead = structuredClone(value);
  return put.call(this, value, key);
};
}`;

test.describe('negative control', () => {
  // A service worker that takes over hides requests from the route below.
  test.use({ serviceWorkers: 'block' });

  test('without locks and compare-and-swap, three tabs lose rows', async ({ context, openTab }) => {
    await context.route(/worker\.browser-.*\.js$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${WITHOUT_GUARDS}\n${await response.text()}` });
    });
    // One tab creates the database. Three that create it at once would fail before they write.
    const first = await openTab();
    const tabs = [first, await openTab(), await openTab()];
    const failures = await writeAtOnce(tabs);
    const unsound: string[] = failures.slice();
    for (const { page } of tabs) {
      const found = await page
        .evaluate(async () => {
          const { persistence } = globalThis.ggenSim;
          const rows = await persistence.queryReceipts({ limit: 1000 });
          return `${rows.length} rows, ${(await persistence.verify()).ok ? 'sound' : 'damaged'}`;
        })
        .catch(() => 'unreadable');
      if (found !== `${tabs.length * SAVES_PER_TAB} rows, sound`) unsound.push(found);
    }
    expect(unsound).not.toEqual([]);
  });
});
