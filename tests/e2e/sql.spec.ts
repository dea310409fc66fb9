/** Queries in SQL: over both storages of the browser, and over a file that `ggen-sim studio` serves. */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, openSimulator, ready, test } from './support/fixtures.ts';
import { ggenSim } from './support/native-tools.ts';
import { saveSample } from './support/sample-data.ts';
import { SimulatorPage } from './support/simulator-page.ts';
import { startStudio } from './support/studio.ts';

const BY_STATUS = 'SELECT status, count(*) AS runs FROM receipts GROUP BY status ORDER BY runs';

async function type(simulator: SimulatorPage, sql: string): Promise<void> {
  await simulator.query.click();
  await simulator.page.keyboard.press('ControlOrMeta+a');
  await simulator.page.keyboard.insertText(sql);
  // The browser may take keys that are pressed later before it.
  await expect(simulator.query).toHaveText(sql.trim());
  // The completion, which would cover what is below.
  await simulator.page.keyboard.press('Escape');
}

async function download(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name }).click(),
  ]);
  return readFile(await file.path(), 'utf8');
}

for (const storage of ['indexeddb', 'opfs']) {
  test(`a query is written, run, shared and exported over ${storage}`, async ({ context }) => {
    const page = await context.newPage();
    await page.goto(`./?storage=${storage}#/sql`);
    await ready(page);
    const simulator = new SimulatorPage(page);
    await saveSample(page, 'one');
    await page.evaluate(async () => {
      await globalThis.ggenSim.persistence.saveReceipt({
        executionId: '=1+1, "quoted"',
        agentId: 'coder',
        agentType: 'codegen',
        receipt: '{}',
        status: 'error',
      });
    });

    // Names of the database are completed, here a table and a column.
    await simulator.query.click();
    await page.keyboard.type('select execution_id, durat');
    await page.getByRole('option', { name: /^duration_ms/ }).click();
    await page.keyboard.type(' from rece');
    await page.getByRole('option', { name: 'receipts', exact: true }).click();
    await page.keyboard.type(' order by 1');
    await page.keyboard.press('Escape');
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect(page.getByText('2 rows')).toBeVisible();
    await expect(simulator.table).toContainText('exec-1');
    expect(await download(page, 'Download CSV')).toBe(
      'execution_id,duration_ms\r\n"=1+1, ""quoted""",0\r\nexec-1,840\r\n',
    );
    expect(JSON.parse(await download(page, 'Download JSON'))).toEqual([
      { execution_id: '=1+1, "quoted"', duration_ms: 0 },
      { execution_id: 'exec-1', duration_ms: 840 },
    ]);

    // The address holds the query: a reload and a link show it, Back leads to the one before.
    await type(simulator, BY_STATUS);
    await page.getByRole('button', { name: 'Run query' }).click();
    await expect(simulator.table).toContainText('success');
    await page.reload();
    await ready(page);
    await expect(simulator.query).toHaveText(BY_STATUS);
    await expect(simulator.table).toContainText('success');
    await page.goBack();
    await expect(simulator.table).toContainText('exec-1');
    await expect(simulator.query).toContainText('order by 1');
  });
}

test('what is refused is told at its place, and nothing is changed', async ({ simulator }) => {
  const { page } = simulator;
  await saveSample(page, 'one');
  await simulator.showTab('SQL');
  await type(simulator, 'SELECT agent FROM receipts');
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(page.getByRole('alert')).toContainText('INVALID_ARGUMENT');
  await expect(page.getByRole('alert')).toContainText('no such column: agent');
  await expect(page.locator('.cm-lintRange-error')).toHaveText('agent');
  // While it is corrected, the mark goes.
  await page.keyboard.press('End');
  await page.keyboard.type(' LIMIT 1');
  await expect(page.locator('.cm-lintRange-error')).toHaveCount(0);

  await type(simulator, 'DELETE FROM receipts');
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(page.getByRole('alert')).toContainText('only one statement that reads is allowed');
  await expect(simulator.count('Receipts')).toHaveText('1');

  // The limits of rows and of time are the user's.
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';
  await type(simulator, `${endless} SELECT count(*) FROM n`);
  await page.getByLabel('Time').selectOption('at most 1 s');
  await page.getByRole('button', { name: 'Run query' }).click();
  await expect(page.getByRole('alert')).toContainText('TIMEOUT');
  await type(simulator, `${endless} SELECT i, i * i AS square FROM n`);
  await page.getByLabel('Rows').selectOption('at most 10,000');
  await page.getByRole('button', { name: 'Run query' }).click();
  await expect(page.getByText('10,000 rows')).toBeVisible();
  await expect(page.getByText('there are more')).toBeVisible();

  // One tab stop, any number of rows.
  await simulator.table.focus();
  await page.keyboard.press('ControlOrMeta+End');
  const chosen = page.getByRole('region', { name: 'Chosen value' });
  await expect(chosen).toContainText('square, row 10,000: 100000000');
  await expect(simulator.table.getByRole('gridcell', { selected: true })).toBeVisible();
  expect(await simulator.table.getByRole('row').count()).toBeLessThan(80);

  await page.getByRole('button', { name: 'Chart' }).click();
  await expect(page.getByRole('img', { name: 'square by i, 10,000 points' }).locator('canvas')).toBeVisible();
  await page.reload();
  await ready(page);
  await expect(page.getByRole('img', { name: 'square by i, 10,000 points' }).locator('canvas')).toBeVisible();
});

for (const width of [390, 1080, 1081]) {
  test(`a click leads into the editor, ${width} px wide`, async ({ context }) => {
    const simulator = await openSimulator(context);
    const { page } = simulator;
    await page.setViewportSize({ width, height: 900 });
    await simulator.showTab('SQL');
    await simulator.query.click();
    await page.keyboard.type('SELECT 1 AS one');
    await expect(simulator.query).toHaveText('SELECT 1 AS one');
    await simulator.showTab('Receipts');
    await page.getByRole('searchbox').first().click();
    await expect(page.getByRole('searchbox').first()).toBeFocused();
  });
}

test('what was typed last is run, however soon', async ({ context }) => {
  const simulator = await openSimulator(context);
  await simulator.showTab('SQL');
  await simulator.query.click();
  await type(simulator, 'SELECT 1 AS ');
  await simulator.query.evaluate((editor) => {
    // Both within one task, in which nothing is rendered.
    document.execCommand('insertText', false, 'one');
    const keys = {
      key: 'Enter',
      keyCode: 13,
      ctrlKey: true,
      bubbles: true,
      composed: true,
      cancelable: true,
    };
    editor.dispatchEvent(new KeyboardEvent('keydown', keys));
  });
  await expect(simulator.table.getByRole('columnheader')).toHaveText(['one']);
});

test('what was typed stays while another view is shown', async ({ context }) => {
  const simulator = await openSimulator(context);
  await simulator.showTab('SQL');
  await simulator.page.getByRole('button', { name: 'Agents by error rate' }).click();
  await expect(simulator.page.getByText('No rows')).toBeVisible();
  await type(simulator, 'SELECT 1 + 1 AS two');
  await simulator.showTab('Receipts');
  await simulator.showTab('SQL');
  await expect(simulator.query).toHaveText('SELECT 1 + 1 AS two');
});

test('a file on disk is queried through the studio', async ({ page }, testInfo) => {
  const file = testInfo.outputPath('ggen.db');
  await ggenSim('db', 'init', '--db', file);
  await ggenSim('db', 'save-receipt', 'first', 'alpha', 'validation', '{}', '--db', file);
  const studio = await startStudio(file);
  try {
    await page.goto(studio.url);
    const simulator = new SimulatorPage(page);
    await simulator.showTab('SQL');
    await simulator.query.click();
    await page.keyboard.type('SELECT agent_id, count(*) FROM audit_');
    await page.getByRole('option', { name: 'audit_log', exact: true }).click();
    await type(simulator, 'SELECT agent_id, receipt_id FROM receipts');
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect(simulator.table).toContainText('alpha');
    await simulator.table.getByRole('gridcell').nth(1).click();
    await page.getByRole('link', { name: 'Open this record' }).click();
    await expect(page.getByRole('dialog')).toContainText('alpha');
    await page.goBack();
    await type(simulator, 'INSERT INTO receipts DEFAULT VALUES');
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect(page.getByRole('alert')).toContainText('INVALID_ARGUMENT');
  } finally {
    // A page whose server is gone logs that it cannot connect.
    await page.close();
    await studio.kill('SIGTERM');
  }
});

test.describe('with a touch screen', () => {
  test.use({ hasTouch: true });

  test('an enlarged range of the chart ends by a tap and by the keyboard', async ({ simulator }) => {
    const { page } = simulator;
    const sql = `WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 50) SELECT x, x * x AS y FROM n`;
    await page.evaluate((query) => {
      location.hash = `#/sql?show=chart&sql=${encodeURIComponent(query)}`;
    }, sql);
    const plot = page.locator('.sql-chart .u-over');
    const all = page.getByRole('button', { name: 'Show all rows' });
    await expect(plot).toBeVisible();
    const enlarge = async (): Promise<void> => {
      const { x, y, width, height } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      await page.mouse.move(x + width * 0.3, y + height / 2);
      await page.mouse.down();
      await page.mouse.move(x + width * 0.6, y + height / 2, { steps: 4 });
      await page.mouse.up();
      await expect(all).toBeVisible();
    };
    await enlarge();
    // Another theme draws the chart again, and what is enlarged stays so.
    const drawn = await plot.elementHandle();
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => drawn?.evaluate(({ isConnected }) => isConnected)).toBe(false);
    await page.evaluate(() => new Promise((resolve) => void requestAnimationFrame(resolve)));
    await expect(all).toBeVisible();
    await all.tap();
    await expect(all).toHaveCount(0);
    const chart = page.getByRole('region', { name: 'Chart of the rows' });
    await expect(chart).toBeFocused();
    await enlarge();
    await all.focus();
    await page.keyboard.press('Enter');
    await expect(all).toHaveCount(0);
    await enlarge();
    await chart.focus();
    await page.keyboard.press('Escape');
    await expect(all).toHaveCount(0);
  });
});
