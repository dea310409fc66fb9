import { expect, ready, test } from './support/fixtures.ts';

test('after the first visit everything works offline: reload, editor, agents, examples', async ({
  simulator,
  context,
}) => {
  const { page } = simulator;
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await context.setOffline(true);
  await page.reload();
  await ready(page);
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await expect(simulator.result).toContainText('19 violations');
  await expect(simulator.count('Receipts')).toHaveText('1');
});
