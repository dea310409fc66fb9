import { expect, openSimulator, test } from '../support/fixtures.ts';

test('data that was cleared while the page is open is reported, not replaced by an empty database', async ({
  simulator,
  context,
  baseURL,
}) => {
  const { page } = simulator;
  await simulator.startWith('Water glossary');
  await simulator.run();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', {
    origin: new URL(baseURL ?? '').origin,
    storageTypes: 'indexeddb',
  });
  await simulator.runButton.click();
  await expect(page.getByRole('heading', { name: 'The stored data was removed' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('STORAGE_RESET');
  await expect(simulator.runButton).toHaveCount(0);

  await page.getByRole('button', { name: 'Reload the page' }).click();
  await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
});

test('without IndexedDB the page says so, and offers memory only as a choice', async ({ context }) => {
  const page = await context.newPage();
  // The database lives in a worker, where an init script does not reach: the page hands its worker a first line.
  await page.route(/worker\.browser-.*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      body: `Object.defineProperty(globalThis, 'indexedDB', { value: undefined });\n${await response.text()}`,
    });
  });
  await page.goto('./');
  await expect(page.getByRole('heading', { name: 'This browser offers no storage here' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('STORAGE_UNAVAILABLE');
  await page.getByRole('button', { name: 'Work in memory' }).click();
  await expect(page.getByText('in memory only: nothing is kept')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
});

test('with no room left a save is refused by name, nothing stored is lost, and the next one works with room again', async ({
  context,
  baseURL,
}) => {
  const { origin } = new URL(baseURL ?? '');
  // Before the first transaction: the browser remembers for a while how much room it has found.
  const devtools = await context.newCDPSession(await context.newPage());
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 10 * 1024 * 1024 });
  const simulator = await openSimulator(context);
  /** Saves a receipt of a megabyte. */
  const saveMegabyte = (executionId: string): Promise<string> =>
    simulator.page.evaluate(async (id) => {
      // Random, because the browser compresses what it stores.
      const chunk = (): string => crypto.getRandomValues(new Uint32Array(1024)).join('');
      const receipt = JSON.stringify({ filler: Array.from({ length: 100 }, chunk).join('') });
      const { persistence } = globalThis.ggenSim;
      try {
        await persistence.saveReceipt({ executionId: id, agentId: 'quota', agentType: 'test', receipt });
        return 'saved';
      } catch (error) {
        return (error as { code: string }).code;
      }
    }, executionId);

  const saved: string[] = [];
  let outcome = 'saved';
  for (let index = 0; index < 20 && outcome === 'saved'; index += 1) {
    outcome = await saveMegabyte(`megabyte-${index}`);
    if (outcome === 'saved') saved.unshift(`megabyte-${index}`);
  }
  expect(outcome).toBe('DISK_FULL');
  expect(saved).not.toEqual([]);
  expect(await simulator.executionIds()).toEqual(saved);
  expect(await simulator.verified()).toBe(true);

  await devtools.send('Storage.overrideQuotaForOrigin', { origin });
  expect(await saveMegabyte('with-room-again')).toBe('saved');
  expect(await simulator.executionIds()).toEqual(['with-room-again', ...saved]);
  expect(await simulator.verified()).toBe(true);
});
