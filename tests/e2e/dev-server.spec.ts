/** The page as its developers see it: unbundled modules, served by `vite dev`. */
import { expect, ready, test } from './support/fixtures.ts';

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
