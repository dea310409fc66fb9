import { expect, openSimulator, test } from './support/fixtures.ts';
import {
  clearSiteData,
  fillQuota,
  limitQuota,
  openWithoutIndexedDb,
  saveFiller,
} from './support/storage-conditions.ts';

test('data cleared while the page is open is reported, not replaced by an empty database', async ({
  simulator,
  context,
}) => {
  const { page } = simulator;
  await simulator.startWith('Water glossary');
  await simulator.run();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await clearSiteData(context, simulator);
  await expect(page.getByRole('alert')).toContainText('STORAGE_RESET');
  await expect(simulator.runButton).toHaveCount(0);

  await page.getByRole('button', { name: 'Reload the page' }).click();
  await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
});

test('without IndexedDB the page reports it, and offers memory only as a choice', async ({ context }) => {
  const page = await openWithoutIndexedDb(context);
  await expect(page.getByRole('heading', { name: 'Storage is not available' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('STORAGE_UNAVAILABLE');
  await page.getByRole('button', { name: 'Continue in memory' }).click();
  await expect(page.getByText('In memory only: nothing is saved')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
  await expect(page.getByText('in memory, until it is closed')).toBeVisible();
});

test('without space a save fails by name, stored data stays, and the next save works once there is space', async ({
  context,
  baseURL,
}) => {
  const { origin } = new URL(baseURL ?? '');
  const devtools = await limitQuota(context, origin);
  const simulator = await openSimulator(context);
  const { saved, refusals } = await fillQuota(simulator);
  expect(new Set(refusals)).toEqual(new Set(['DISK_FULL']));
  expect(saved).not.toEqual([]);
  expect(await simulator.executionIds()).toEqual(saved);
  expect(await simulator.verified()).toBe(true);

  await devtools.send('Storage.overrideQuotaForOrigin', { origin });
  expect(await saveFiller(simulator, 'with-room-again')).toBe('saved');
  expect(await simulator.executionIds()).toEqual(['with-room-again', ...saved]);
  expect(await simulator.verified()).toBe(true);
});
