import type { BrowserContext, Page } from '@playwright/test';
import { expect, ready, test } from './support/fixtures.ts';
import { SimulatorPage } from './support/simulator-page.ts';

const PASSPHRASE = 'a passphrase of these tests';
const EXAMPLE = 'Water glossary';

/** Encrypts the database in the page's database tab. */
async function encrypt({ page }: SimulatorPage, remember: boolean): Promise<void> {
  await page.getByRole('tab', { name: 'Database' }).click();
  await page.getByRole('button', { name: 'Encrypt this database…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Encrypt this database' });
  await expect(dialog.getByLabel('Passphrase', { exact: true })).toBeFocused();
  await dialog.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await dialog.getByLabel('Passphrase again').fill(`${PASSPHRASE}!`);
  if (remember) await dialog.getByLabel('Remember on this device').check();
  await dialog.getByRole('button', { name: 'Encrypt', exact: true }).click();
  await expect(dialog.getByRole('alert')).toHaveText('The two passphrases differ.');
  await dialog.getByLabel('Passphrase again').fill(PASSPHRASE);
  await dialog.getByRole('button', { name: 'Encrypt', exact: true }).click();
  await expect(page.getByText('Database encrypted', { exact: true })).toBeVisible();
}

/** Returns the number of stored records of the database that hold a text in clear. */
function recordsWith(page: Page, text: string): Promise<number> {
  return page.evaluate(async (sought) => {
    const connection = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('ggen');
      request.addEventListener('success', () => resolve(request.result));
    });
    const request = connection.transaction('pages').objectStore('pages').getAll();
    await new Promise((resolve) => request.addEventListener('success', resolve));
    connection.close();
    const decoder = new TextDecoder('latin1');
    let count = 0;
    for (const record of request.result as (ArrayBuffer | { content?: Blob })[]) {
      const bytes = record instanceof ArrayBuffer ? record : await record.content?.arrayBuffer();
      if (bytes && decoder.decode(bytes).includes(sought)) count++;
    }
    return count;
  }, text);
}

async function openLocked(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto('./');
  await expect(page.getByRole('dialog', { name: 'This database is encrypted' })).toBeVisible();
  await expect(page.getByText('Locked', { exact: true })).toBeVisible();
  return page;
}

test('encrypting keeps the data, and the page asks for the passphrase from then on', async ({
  simulator,
  context,
}) => {
  const { page } = simulator;
  await simulator.startWith(EXAMPLE);
  await simulator.run();
  const executionIds = await simulator.executionIds();
  expect(await recordsWith(page, String(executionIds[0]))).toBeGreaterThan(0);
  await encrypt(simulator, false);
  expect(await recordsWith(page, String(executionIds[0]))).toBe(0);
  expect(await simulator.executionIds()).toEqual(executionIds);
  expect(await simulator.verified()).toBe(true);

  const other = await openLocked(context);
  const passphrase = other.getByLabel('Passphrase');
  await expect(passphrase).toBeFocused();
  await passphrase.fill('another passphrase');
  await passphrase.press('Enter');
  await expect(other.getByRole('alert')).toHaveText(
    'This is not the passphrase of the database. Nothing was changed.',
  );
  await expect(passphrase).toBeFocused();
  // Nothing else closes the dialog.
  await passphrase.press('Escape');
  await passphrase.fill(PASSPHRASE);
  await other.getByRole('button', { name: 'Open', exact: true }).click();
  await ready(other);
  await expect(other.getByRole('dialog')).toHaveCount(0);
  expect(await new SimulatorPage(other).executionIds()).toEqual(executionIds);
});

test('beside the download stands that it is not encrypted, once the database is', async ({
  simulator,
  openTab,
}) => {
  const warning =
    'Downloads and backups are not encrypted, though this database is: anyone who has them can read them.';
  await simulator.page.getByRole('tab', { name: 'Database' }).click();
  await expect(simulator.page.getByRole('button', { name: 'Download database (.db)' })).toBeVisible();
  await expect(simulator.page.getByText(warning)).toHaveCount(0);
  await encrypt(simulator, true);
  await expect(simulator.page.getByText(warning)).toBeVisible();
  const { page } = await openTab();
  await page.getByRole('tab', { name: 'Database' }).click();
  await expect(page.getByText(warning)).toBeVisible();
});

test('a device that remembers the key opens the database without asking, until it is locked', async ({
  simulator,
  context,
  openTab,
}) => {
  await encrypt(simulator, true);
  const { page } = await openTab();
  await page.getByRole('tab', { name: 'Database' }).click();
  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  await expect(page.getByRole('dialog', { name: 'This database is encrypted' })).toBeVisible();
  await openLocked(context);
});

test('a tab that has the plain database open is told to reload, and saves nothing into it', async ({
  simulator,
  openTab,
}) => {
  const other = await openTab();
  await encrypt(simulator, false);
  await other.page.evaluate(async () => {
    await globalThis.ggenSim.persistence.stats().catch(() => undefined);
    globalThis.dispatchEvent(new Event('focus'));
  });
  await expect(
    other.page.getByRole('heading', { name: 'The stored data was deleted or replaced' }),
  ).toBeVisible();
  await other.page.getByRole('button', { name: 'Reload the page' }).click();
  await expect(other.page.getByRole('dialog', { name: 'This database is encrypted' })).toBeVisible();
});
