/** Takes pictures of the synchronisation in the database's tab, as `pictures.ts` does of the other views. */
import { mkdirSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { openSimulator } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';
import { SIZES, takePictures } from './support/take-pictures.ts';

test('pictures of a hub', async ({ context, baseURL }, testInfo) => {
  mkdirSync(testInfo.outputPath(), { recursive: true });
  const hub = new Hub(testInfo.outputPath());
  try {
    await hub.start(new URL(baseURL ?? '').origin);
    const simulator = await openSimulator(context);
    const { page } = simulator;
    await simulator.showTab('Database');
    const part = page.getByRole('heading', { name: 'Synchronisation' });
    const take = async (name: string): Promise<void> => {
      // The first width puts the part elsewhere than the second.
      for (const size of ['wide', 'phone'] as const) {
        await page.setViewportSize(SIZES[size]);
        await part.evaluate((heading) => heading.scrollIntoView());
        await takePictures(page, name, [size]);
      }
    };
    await take('hub-form');
    await page.getByLabel('Address of the hub').fill(hub.url);
    await page.getByLabel('Token', { exact: true }).fill('x'.repeat(64));
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await take('hub-wrong-token');
    await page.getByLabel('Token', { exact: true }).fill(hub.token);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByText('Up to date')).toBeVisible();
    await take('hub-connected');
    await hub.kill();
    await simulator.startWith('Water network conforms');
    await simulator.run();
    await expect(page.getByText('The hub cannot be reached', { exact: true })).toBeVisible();
    await take('hub-away');
    await page.evaluate(() => sessionStorage.clear());
    await expect(page.getByText('This tab does not synchronise')).toBeVisible();
    await take('hub-no-token');
  } finally {
    await hub.kill();
  }
});
