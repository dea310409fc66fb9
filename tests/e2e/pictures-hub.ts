/** Takes pictures of the synchronisation in the database's tab, as `pictures.ts` does of the other views. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { openSimulator } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';
import { SIZES, takePictures } from './support/take-pictures.ts';

/** Takes pictures of the part of the database's tab. */
async function takePart(page: Page, name: string): Promise<void> {
  // The first width puts the part elsewhere than the second.
  for (const size of ['wide', 'phone'] as const) {
    await page.setViewportSize(SIZES[size]);
    await page
      .getByRole('heading', { name: 'Synchronisation' })
      .evaluate((heading) => heading.scrollIntoView());
    await takePictures(page, name, [size]);
  }
}

test('pictures of a hub', async ({ context, baseURL }, testInfo) => {
  mkdirSync(testInfo.outputPath(), { recursive: true });
  const hub = new Hub(testInfo.outputPath());
  try {
    await hub.start(new URL(baseURL ?? '').origin);
    const simulator = await openSimulator(context);
    const { page } = simulator;
    await simulator.showTab('Database');
    const take = (name: string): Promise<void> => takePart(page, name);
    await take('hub-form');
    await page.getByLabel('Hub address').fill(hub.url);
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

test('pictures of a key, and of a conflict', async ({ context, baseURL }, testInfo) => {
  mkdirSync(testInfo.outputPath(), { recursive: true });
  const hub = new Hub(testInfo.outputPath());
  try {
    await hub.start(new URL(baseURL ?? '').origin);
    hub.keyFile = testInfo.outputPath('sync.key');
    writeFileSync(hub.keyFile, `${'7'.repeat(64)}\n`, { mode: 0o600 });
    const save = (state: string): Promise<string> =>
      hub.machine('db', 'save-memory', 'validator-1', 'validator', JSON.stringify(memory(state)));
    await hub.addMachine();
    await save('of both');
    await hub.machine('sync', 'run');
    const simulator = await openSimulator(context);
    const { page } = simulator;
    await simulator.showTab('Database');
    const connect = (): Promise<void> => page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByLabel('Hub address').fill(hub.url);
    await page.getByLabel('Token', { exact: true }).fill(hub.token);
    await page.getByRole('button', { name: 'Make a key' }).click();
    await takePart(page, 'hub-new-key');
    await connect();
    await expect(page.getByRole('alert')).toBeVisible();
    await takePart(page, 'hub-wrong-key');
    await page.getByLabel('Key file').setInputFiles(hub.keyFile);
    await connect();
    await expect(page.getByText('Up to date')).toBeVisible();
    await hub.kill();
    await page.evaluate(
      (saved) =>
        globalThis.ggenSim.persistence.saveMemory({
          agentId: 'validator-1',
          agentType: 'validator',
          memory: saved,
        }),
      memory('of the page'),
    );
    await save('of the machine');
    await hub.start(new URL(baseURL ?? '').origin);
    await hub.machine('sync', 'run');
    await page.getByRole('button', { name: 'Synchronise now' }).click();
    await expect(page.getByText('Memory conflicts')).toBeVisible();
    await takePart(page, 'hub-key');
    await page.getByRole('link', { name: 'validator-1' }).click();
    const conflict = page.getByRole('region', { name: 'Conflict' });
    await expect(conflict.getByRole('textbox')).toHaveCount(2);
    await takePictures(page, 'memory-conflict');
    await conflict.getByRole('button', { name: 'Edit a merge…' }).click();
    const text = conflict.getByRole('textbox', { name: 'Merged memory' });
    await expect(text).toBeVisible();
    await takePictures(page, 'memory-merge');
    await text.click();
    await page.keyboard.insertText('no JSON');
    await conflict.getByRole('button', { name: 'Save the merge' }).click();
    await expect(conflict.getByRole('alert')).toBeVisible();
    await takePictures(page, 'memory-merge-refused');
  } finally {
    await hub.kill();
  }
});

/** A memory of which three parts tell where it was saved. */
function memory(state: string): Record<string, unknown> {
  return {
    state,
    shapes: ['water', 'pipes', 'valves'].map((name) => ({ name, checked: true, violations: 0 })),
    ...(state === 'of the page' ? { only: 'here' } : {}),
    last: { run: `a run ${state}`, note: 'a longer text that does not fit into one line of a narrow window' },
  };
}
