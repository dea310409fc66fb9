/**
 * Takes pictures of the page's views for people to look at: `pnpm --filter @ggen-sim/tests pictures`. They are in
 * `test-results/pictures`.
 */
import { mkdirSync } from 'node:fs';
import { expect, openSimulator, ready, test } from './support/fixtures.ts';
import { importLargeSample } from './support/large-sample.ts';
import { saveSample } from './support/sample-data.ts';
import { SIZES, takePictures } from './support/take-pictures.ts';

/** Views by name: the fragment, and what must be visible before the picture is taken. */
const VIEWS: Readonly<Record<string, string>> = {
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
};

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
      await page.waitForLoadState('networkidle');
      await expect(page.getByText('Loading…')).toHaveCount(0);
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
      return;
    }
    for (const name of ['receipts', 'memory', 'audit'] as const) {
      await page.evaluate((fragment) => (location.hash = fragment), `#/${name}`);
      await simulator.table.getByRole('row').nth(1).click();
      await expect(page.getByRole('dialog')).not.toContainText('Loading…');
      await takePictures(page, `${sample}-${name}-record`);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
  });
}
