/**
 * Takes pictures of the page's views for people to look at: `pnpm --filter @ggen-sim/tests pictures`. They are in
 * `test-results/pictures`.
 */
import { mkdirSync } from 'node:fs';
import { expect, openSimulator, ready, test } from './support/fixtures.ts';
import { ggenSim } from './support/native-tools.ts';
import { importLargeSample } from './support/large-sample.ts';
import { saveSample } from './support/sample-data.ts';
import { SIZES, takePictures } from './support/take-pictures.ts';

/** Views by name: the fragment, and what must be visible before the picture is taken. */
const VIEWS = {
  overview: '#/overview',
  receipts: '#/receipts',
  filtered: '#/receipts?status=failed&since=7d',
  memory: '#/memory',
  audit: '#/audit',
  sql: '#/sql',
  'sql-table': `#/sql?sql=${encodeURIComponent('SELECT * FROM receipts ORDER BY created_at DESC')}`,
  'sql-chart': `#/sql?show=chart&sql=${encodeURIComponent("SELECT date(created_at) AS day, count(*) AS runs, sum(status = 'error') AS errors FROM receipts GROUP BY day")}`,
  'sql-bars': `#/sql?show=chart&sql=${encodeURIComponent('SELECT agent_id, max(duration_ms) AS longest_ms FROM receipts GROUP BY agent_id')}`,
  'sql-refused': `#/sql?sql=${encodeURIComponent('SELECT nowhere FROM receipts')}`,
  database: '#/database',
} as const;

/** Returns the name of the tab of a fragment, which is there some frames after the fragment. */
function tabOf(hash: string): RegExp {
  return new RegExp(`^${/^#\/(\w+)/u.exec(hash)?.[1] ?? ''}`, 'iu');
}

for (const sample of ['none', 'one', 'many', 'large', 'hostile'] as const) {
  test(`pictures with ${sample}`, async ({ context }, testInfo) => {
    const simulator = await openSimulator(context);
    const { page } = simulator;
    if (sample === 'large') {
      mkdirSync(testInfo.outputPath(), { recursive: true });
      await importLargeSample(page, testInfo.outputPath('large.db'));
    } else await saveSample(page, sample);
    // Data without a session gets the whole width when the page is opened.
    await page.reload();
    await ready(page);
    for (const [name, hash] of Object.entries(VIEWS)) {
      await page.evaluate((fragment) => (location.hash = fragment), hash);
      await expect(page.getByRole('tab', { selected: true })).toHaveText(tabOf(hash));
      await page.waitForLoadState('networkidle');
      await expect(page.getByRole('tabpanel')).not.toContainText('Loading…');
      await takePictures(page, `${sample}-${name}`);
    }
    if (sample === 'none') {
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog')).toBeVisible();
      await takePictures(page, 'commands');
      await page.keyboard.press('Escape');
      await page.setViewportSize(SIZES.wide);
      await simulator.showTab('Overview');
      await simulator.startWith('Water network with errors');
      await simulator.run();
      await expect(simulator.result.getByRole('button', { name: /^Line/ }).first()).toBeVisible();
      await simulator.run();
      await takePictures(page, 'session');
      await page.getByRole('link', { name: 'Compare the two runs' }).click();
      await expect(page.getByRole('textbox', { name: 'This receipt' })).toBeVisible();
      await takePictures(page, 'comparison');
      await page.keyboard.press('Escape');
      for (const [button, name] of [
        ['Sessions', 'sessions'],
        ['Add document', 'add-document'],
      ] as const) {
        await page.getByRole('button', { name: button, exact: true }).click();
        await takePictures(page, name);
        await page.keyboard.press('Escape');
      }
      return;
    }
    for (const name of ['receipts', 'memory', 'audit'] as const) {
      await page.evaluate((fragment) => (location.hash = fragment), `#/${name}`);
      await simulator.table.getByRole('row').nth(1).click();
      await expect(page.getByRole('dialog')).not.toContainText('Loading…');
      if (name === 'memory' && sample === 'many') await expect(page.getByText('4 versions')).toBeVisible();
      await takePictures(page, `${sample}-${name}-record`);
      if (sample === 'one') {
        await page.getByRole('button', { name: 'Verify' }).click();
        await expect(page.getByRole('dialog')).toContainText('Unchanged since it was stored');
        await takePictures(page, `${name}-record-verified`);
      }
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
  });
}

test('pictures of what is opened in a view', async ({ context }) => {
  const simulator = await openSimulator(context);
  const { page } = simulator;
  await saveSample(page, 'many');
  await page.reload();
  await ready(page);
  await page.getByRole('button', { name: 'More filters' }).click();
  await takePictures(page, 'more-filters');
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to, or search the receipts').fill('coder');
  await takePictures(page, 'commands-search');
  await page.keyboard.press('Escape');
  await simulator.showTab('Memory');
  await simulator.table.getByRole('row').nth(1).click();
  await page.getByRole('link', { name: 'What changed' }).first().click();
  await expect(page.getByRole('textbox', { name: 'Version 4' })).toBeVisible();
  await takePictures(page, 'memory-versions-compared');
  await page.keyboard.press('Escape');
  await page.evaluate((fragment) => (location.hash = fragment), VIEWS['sql-table']);
  await page.getByRole('gridcell').nth(4).click();
  await takePictures(page, 'sql-value');
  await page.evaluate((fragment) => (location.hash = fragment), VIEWS['sql-chart']);
  const box = await page.getByRole('img', { name: /^runs, errors by day/ }).boundingBox();
  if (box === null) throw new Error('there is no chart');
  await page.mouse.move(box.x + box.width / 3, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + 100, { steps: 5 });
  await page.mouse.up();
  await expect(page.getByRole('button', { name: 'Show all rows' })).toBeVisible();
  await takePictures(page, 'sql-chart-enlarged');
});

test('pictures of checks, imports and the deletion of a database', async ({ context }, testInfo) => {
  const simulator = await openSimulator(context);
  const { page } = simulator;
  await saveSample(page, 'many');
  await page.reload();
  await ready(page);
  await simulator.showTab('Database');
  const part = page.getByRole('heading', { name: 'Maintenance' });
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await expect(page.getByText(/No problems|Intact|problem/).first()).toBeVisible();
  await page.getByLabel('Sign it with the key of this browser').check();
  await page.getByRole('button', { name: 'Make a checkpoint' }).click();
  await expect(page.getByText('Signed. Others check it')).toBeVisible();
  await page
    .getByLabel('Proof to check')
    .setInputFiles({ name: 'none.json', mimeType: 'application/json', buffer: Buffer.from('no proof') });
  await expect(page.getByText('None of the files is a proof')).toBeVisible();
  await part.evaluate((heading) => heading.scrollIntoView());
  await takePictures(page, 'database-checked');
  await page.getByLabel('Rows to import').setInputFiles({
    name: 'receipts.ndjson',
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from('{"a":1}\n[]\n'),
  });
  await expect(page.getByRole('alertdialog')).toContainText('refused');
  await takePictures(page, 'import-rows');
  await page.getByRole('button', { name: 'Cancel' }).click();
  mkdirSync(testInfo.outputPath(), { recursive: true });
  const [file, backup] = [testInfo.outputPath('ggen.db'), testInfo.outputPath('backup')];
  await ggenSim('db', 'save-receipt', 'first', 'alpha', 'validation', '{}', '--db', file, '--create');
  await ggenSim('db', 'backup', backup, '--db', file);
  await page.getByLabel('Backup to restore').setInputFiles(backup);
  await expect(page.getByRole('alertdialog')).toContainText('1 receipt');
  await takePictures(page, 'restore-backup');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Delete all data…' }).click();
  await expect(page.getByRole('alertdialog')).toBeVisible();
  await takePictures(page, 'delete-all');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page
    .getByRole('link', { name: 'Open the database in the origin private file system (OPFS)' })
    .click();
  await ready(page);
  await simulator.showTab('Database');
  await takePictures(page, 'opfs');
});
