/** Takes pictures of `ggen-sim studio`, of encrypted databases and of states in which something is wrong. */
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { openSimulator, ready } from './support/fixtures.ts';
import { ggenSim, sqlite3 } from './support/native-tools.ts';
import { saveSample } from './support/sample-data.ts';
import { SimulatorPage } from './support/simulator-page.ts';
import { clearSiteData, openWithoutIndexedDb } from './support/storage-conditions.ts';
import { startStudio } from './support/studio.ts';
import { takePictures } from './support/take-pictures.ts';

const TABS = ['Overview', 'Receipts', 'Memory', 'Audit trail', 'SQL', 'Database'] as const;

test('pictures of a studio, of its server gone and of a wrong token', async ({ page }, testInfo) => {
  const file = testInfo.outputPath('ggen.db');
  await ggenSim('db', 'init', '--db', file);
  for (const access of ['read-only', 'writable'] as const) {
    const studio = await startStudio(file, ...(access === 'writable' ? ['--write'] : []));
    await page.goto(studio.url);
    await expect(page.getByText('on this computer').first()).toBeVisible();
    const simulator = new SimulatorPage(page);
    if (access === 'writable') {
      await saveSample(page, 'many');
      await expect(simulator.count('Receipts')).toHaveText('3,000');
    }
    for (const tab of TABS) {
      await simulator.showTab(tab);
      await expect(page.getByText('Loading…')).toHaveCount(0);
      await takePictures(page, `studio-${access}-${tab.toLowerCase().replace(' ', '-')}`);
    }
    await simulator.showTab('Receipts');
    await studio.kill('SIGTERM');
    await expect(page.getByText('The server has stopped.')).toBeVisible();
    await takePictures(page, `studio-${access}-connection-lost`);
    const again = await startStudio(file, '--port', String(studio.port));
    await expect(page.getByRole('heading', { name: 'The server refused this address' })).toBeVisible();
    await takePictures(page, `studio-${access}-wrong-token`);
    await again.kill('SIGTERM');
    await page.goto('about:blank');
  }
});

test('pictures of a studio over databases of other programs', async ({ page }, testInfo) => {
  const logged = path.join(testInfo.outputPath(), 'logged.db');
  await ggenSim('db', 'save-receipt', 'first', 'alpha', 'validation', '{}', '--db', logged, '--create');
  await sqlite3(logged, 'PRAGMA journal_mode=WAL');
  const other = path.join(testInfo.outputPath(), 'a-long-name-'.repeat(10).concat('other.db'));
  await sqlite3(
    other,
    `PRAGMA journal_mode=WAL; CREATE TABLE notes(id INTEGER PRIMARY KEY, text, at); CREATE TABLE receipts(id, total);
     INSERT INTO notes SELECT value, 'note ' || value, '2026-01-01' FROM generate_series(1, 500);
     CREATE TABLE "${'long '.repeat(30)}"(x); CREATE TABLE "<img src=x>"(x)`,
  );
  for (const [name, file] of [
    ['logged', logged],
    ['other', other],
  ] as const) {
    const studio = await startStudio(file);
    await page.goto(studio.url);
    await expect(page.getByText('on this computer').first()).toBeVisible();
    const simulator = new SimulatorPage(page);
    for (const tab of TABS) {
      await simulator.showTab(tab);
      await expect(page.getByText('Loading…')).toHaveCount(0);
      if (name === 'other' && tab === 'SQL')
        await expect(page.getByRole('button', { name: 'Rows of notes' })).toBeVisible();
      await takePictures(page, `studio-${name}-${tab.toLowerCase().replace(' ', '-')}`);
    }
    if (name === 'other') {
      await simulator.showTab('SQL');
      await page.getByRole('button', { name: 'Rows of notes' }).click();
      await expect(page.getByRole('gridcell', { name: 'note 1', exact: true })).toBeVisible();
      await takePictures(page, 'studio-other-rows');
    }
    await studio.kill('SIGTERM');
    await page.goto('about:blank');
  }
});

test('pictures of an encrypted database', async ({ context }) => {
  const { page } = await openSimulator(context);
  await page.getByRole('tab', { name: 'Database' }).click();
  await page.getByRole('button', { name: 'Encrypt this database…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Encrypt this database' });
  await takePictures(page, 'encrypt');
  await dialog.getByLabel('Passphrase', { exact: true }).fill('a passphrase');
  await dialog.getByLabel('Passphrase again').fill('a passphrase');
  await dialog.getByRole('button', { name: 'Encrypt', exact: true }).click();
  await expect(page.getByText('Database encrypted', { exact: true })).toBeVisible();
  await takePictures(page, 'encrypted-database');
  await page.reload();
  const locked = page.getByRole('dialog', { name: 'This database is encrypted' });
  await expect(locked).toBeVisible();
  await takePictures(page, 'locked');
  await locked.getByLabel('Passphrase').fill('another one');
  await locked.getByLabel('Passphrase').press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await takePictures(page, 'locked-wrong-passphrase');
});

test('pictures of storage that fails, and of an import', async ({ context }) => {
  const simulator = await openSimulator(context);
  await saveSample(simulator.page, 'one');
  await simulator.showTab('Database');
  const image = Buffer.from(
    await simulator.page.evaluate(async () => [...(await globalThis.ggenSim.persistence.exportImage())]),
  );
  for (const [name, buffer] of [
    ['import', image],
    ['import-refused', Buffer.from('no database')],
  ] as const) {
    await simulator.page
      .getByLabel('Database to import')
      .setInputFiles({ name: `${name}.db`, mimeType: 'application/vnd.sqlite3', buffer });
    await expect(simulator.page.getByRole('alertdialog')).toBeVisible();
    await takePictures(simulator.page, name);
    await simulator.page.keyboard.press('Escape');
    await expect(simulator.page.getByRole('alertdialog')).toHaveCount(0);
  }
  await simulator.startWith('Water glossary');
  await clearSiteData(context, simulator);
  await takePictures(simulator.page, 'storage-reset');
});

// In a browser of its own: the service worker of an earlier visit would answer for the files that are changed here.
test('pictures of a browser without IndexedDB', async ({ context }) => {
  const without = await openWithoutIndexedDb(context);
  await expect(without.getByRole('alert')).toContainText('STORAGE_UNAVAILABLE');
  await takePictures(without, 'storage-unavailable');
  await without.getByRole('button', { name: 'Continue in memory' }).click();
  await ready(without);
  await takePictures(without, 'in-memory');
});
