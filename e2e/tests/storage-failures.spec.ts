import { expect, test } from '../support/fixtures.ts';

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
