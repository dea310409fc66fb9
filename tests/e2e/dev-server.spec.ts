/** The page as its developers see it: unbundled modules, served by `vite dev`. */
import { mkdirSync } from 'node:fs';
import { expect, ready, test } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';

test.use({ baseURL: `http://127.0.0.1:${process.env['GGEN_E2E_DEV_PORT'] ?? ''}/` });

test('under vite dev a run leaves its receipt, and it survives a reload', async ({ simulator }) => {
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await expect(simulator.result).toContainText('19 violations');
  await expect(simulator.count('Receipts')).toHaveText('1');
  await simulator.page.reload();
  await ready(simulator.page);
  await expect(simulator.count('Receipts')).toHaveText('1');
  expect(await simulator.verified()).toBe(true);
});

test('under vite dev the page synchronises over a hub', async ({ simulator, baseURL }, testInfo) => {
  mkdirSync(testInfo.outputPath(), { recursive: true });
  const hub = new Hub(testInfo.outputPath());
  try {
    await hub.start(new URL(baseURL ?? '').origin);
    await simulator.showTab('Database');
    const { page } = simulator;
    await page.getByLabel('Hub address').fill(hub.url);
    await page.getByLabel('Token', { exact: true }).fill(hub.token);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByText('Up to date')).toBeVisible();
  } finally {
    await hub.kill();
  }
});
