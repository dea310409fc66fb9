import type { BrowserContext, Page } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { findProblemsEverywhere } from './support/axe.ts';
import { expect, openSimulator, ready, test } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';
import type { SimulatorPage } from './support/simulator-page.ts';
import { clearSiteData, fillQuota, limitQuota, openWithoutIndexedDb } from './support/storage-conditions.ts';

/** Objects from which a state is reached. */
interface Start {
  readonly context: BrowserContext;
  readonly baseURL: string;
  readonly open: () => Promise<SimulatorPage>;
}

/** A state of the page, and the user's way to it. */
interface State {
  readonly name: string;
  readonly reach: (start: Start) => Promise<Page>;
}

/** Saves rows without a run. */
async function saveRows({ page }: SimulatorPage, count: number): Promise<void> {
  await page.evaluate(async (rows) => {
    const receipts = Array.from({ length: rows }, (_, index) => ({
      executionId: `row-${index}`,
      agentId: `agent-${index % 7}`,
      agentType: 'test',
      receipt: { index },
      status: (['success', 'success', 'partial', 'error'] as const)[index % 4] ?? 'success',
      durationMs: (index * 37) % 900,
    }));
    await globalThis.ggenSim.persistence.saveReceipts(receipts);
  }, count);
}

async function afterRun(simulator: SimulatorPage): Promise<Page> {
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await expect(simulator.table).toContainText('violations');
  return simulator.page;
}

async function chooseFile(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page
    .getByLabel('Database to import')
    .setInputFiles({ name, mimeType: 'application/vnd.sqlite3', buffer });
  await expect(page.getByRole('alertdialog')).toBeVisible();
}

const STATES: readonly State[] = [
  {
    name: 'before a session',
    async reach({ open }) {
      const { page } = await open();
      await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
      return page;
    },
  },
  {
    name: 'a first run',
    async reach({ open }) {
      const simulator = await open();
      await simulator.startWith('Water network conforms');
      await simulator.run();
      await expect(simulator.table).toContainText('success');
      return simulator.page;
    },
  },
  { name: 'violations', reach: async ({ open }) => afterRun(await open()) },
  {
    name: 'a syntax error',
    async reach({ open }) {
      const simulator = await open();
      await simulator.startWith('Syntax error');
      await simulator.run();
      return simulator.page;
    },
  },
  {
    name: 'an error while typing',
    async reach({ open }) {
      const simulator = await open();
      await simulator.startWith('Water glossary');
      await simulator.editor.click();
      await simulator.page.keyboard.press('ControlOrMeta+End');
      await simulator.page.keyboard.type('oops ');
      await expect(simulator.page.locator('.live-summary')).toContainText('1 error');
      return simulator.page;
    },
  },
  ...(['Memory', 'Audit trail', 'Database'] as const).map((tab) => ({
    name: `the tab ${tab}`,
    async reach({ open }: Start) {
      const simulator = await open();
      await afterRun(simulator);
      await simulator.showTab(tab);
      return simulator.page;
    },
  })),
  {
    name: 'many rows, scrolled, with newer ones announced',
    async reach({ open }) {
      const simulator = await open();
      await saveRows(simulator, 3000);
      await expect(simulator.count('Receipts')).toHaveText('3,000');
      await simulator.table.focus();
      await simulator.page.keyboard.press('End');
      await simulator.page.evaluate(() =>
        globalThis.ggenSim.persistence.saveReceipt({
          executionId: 'newer',
          agentId: 'agent-1',
          agentType: 'test',
          receipt: {},
        }),
      );
      await expect(simulator.page.getByRole('button', { name: 'Show newer rows' })).toBeVisible();
      return simulator.page;
    },
  },
  {
    name: 'the overview of runs',
    async reach({ open }) {
      const simulator = await open();
      await saveRows(simulator, 400);
      await simulator.showTab('Overview');
      await expect(simulator.page.getByText('100 errors in')).toBeVisible();
      return simulator.page;
    },
  },
  {
    name: 'no rows match',
    async reach({ open }) {
      const { page } = await open();
      await page.getByPlaceholder('validator-*').fill('unknown-agent');
      await expect(page.getByText('No matching receipts')).toBeVisible();
      return page;
    },
  },
  {
    name: 'details open',
    async reach({ open }) {
      const simulator = await open();
      await afterRun(simulator);
      await simulator.table.focus();
      await simulator.page.keyboard.press('Enter');
      await expect(simulator.page.getByRole('dialog')).toContainText('determinism');
      return simulator.page;
    },
  },
  {
    name: 'two receipts side by side',
    async reach({ open }) {
      const simulator = await open();
      await saveRows(simulator, 20);
      await simulator.table.getByText('row-19').click();
      const { page } = simulator;
      await page.getByLabel('Compare with').selectOption({ index: 1 });
      await expect(page.getByRole('textbox', { name: 'This receipt' })).toBeVisible();
      return page;
    },
  },
  {
    name: 'the commands',
    async reach({ open }) {
      const { page } = await open();
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible();
      return page;
    },
  },
  {
    name: 'before a query in SQL, and completing its names',
    async reach({ open }) {
      const simulator = await open();
      await simulator.showTab('SQL');
      await simulator.query.click();
      await simulator.page.keyboard.type('sel');
      await expect(simulator.page.getByRole('option', { name: 'SELECT' })).toBeVisible();
      return simulator.page;
    },
  },
  ...(['table', 'chart'] as const).map((show) => ({
    name: `rows of a query as a ${show}`,
    async reach({ open }: Start) {
      const simulator = await open();
      const { page } = simulator;
      await saveRows(simulator, 50);
      const sql = 'SELECT agent_id, count(*) AS runs, NULL AS absent FROM receipts GROUP BY 1';
      await page.evaluate(
        (hash) => (location.hash = hash),
        `#/sql?show=${show}&sql=${encodeURIComponent(sql)}`,
      );
      if (show === 'chart') await expect(page.locator('.sql-chart canvas')).toBeVisible();
      else await simulator.table.getByText('agent-1').click();
      return page;
    },
  })),
  {
    name: 'a query that is refused',
    async reach({ open }) {
      const { page } = await open();
      await page.evaluate(() => (location.hash = '#/sql?sql=SELECT%20absent%20FROM%20receipts'));
      await expect(page.getByRole('alert')).toBeVisible();
      return page;
    },
  },
  {
    name: 'asked before deleting',
    async reach({ open }) {
      const simulator = await open();
      await simulator.showTab('Database');
      await simulator.page.getByRole('button', { name: 'Delete all data' }).click();
      await expect(simulator.page.getByRole('alertdialog')).toBeVisible();
      return simulator.page;
    },
  },
  {
    name: 'asked for a new passphrase',
    async reach({ open }) {
      const { page } = await open();
      await page.getByRole('tab', { name: 'Database' }).click();
      await page.getByRole('button', { name: 'Encrypt this database…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Encrypt this database' });
      await dialog.getByLabel('Passphrase', { exact: true }).fill('a passphrase of these tests');
      await dialog.getByLabel('Passphrase again').fill('another one');
      await dialog.getByRole('button', { name: 'Encrypt', exact: true }).click();
      await expect(dialog.getByRole('alert')).toBeVisible();
      return page;
    },
  },
  {
    name: 'asked before importing',
    async reach({ open }) {
      const simulator = await open();
      await saveRows(simulator, 3);
      const image = await simulator.page.evaluate(async () => [
        ...(await globalThis.ggenSim.persistence.exportImage()),
      ]);
      await simulator.showTab('Database');
      await chooseFile(simulator.page, 'ggen.db', Buffer.from(image));
      return simulator.page;
    },
  },
  {
    name: 'a file that cannot be imported',
    async reach({ open }) {
      const simulator = await open();
      await simulator.showTab('Database');
      await chooseFile(simulator.page, 'notes.db', Buffer.from('no database'));
      return simulator.page;
    },
  },
  {
    name: 'verified',
    async reach({ open }) {
      const simulator = await open();
      await simulator.showTab('Database');
      await simulator.page.getByRole('button', { name: 'Verify' }).click();
      await expect(simulator.page.getByText(/^No problems found/)).toBeVisible();
      await expect(simulator.page.getByRole('button', { name: 'Verify' })).toBeEnabled();
      return simulator.page;
    },
  },
  {
    name: 'a menu open',
    async reach({ open }) {
      const { page } = await open();
      await page.getByRole('button', { name: 'Start an empty session' }).click();
      await page.getByRole('button', { name: 'Add document' }).click();
      await expect(page.getByRole('menuitem', { name: 'New ontology' })).toBeVisible();
      return page;
    },
  },
  {
    name: 'no room left',
    async reach({ context, baseURL, open }) {
      await limitQuota(context, new URL(baseURL).origin);
      const simulator = await open();
      await simulator.startWith('Water glossary');
      await fillQuota(simulator);
      // The browser may free a little more space meanwhile.
      await expect(async () => {
        await simulator.runButton.click();
        await expect(simulator.page.getByText('DISK_FULL').first()).toBeVisible({ timeout: 3000 });
      }).toPass();
      return simulator.page;
    },
  },
  {
    name: 'the stored data removed',
    async reach({ context, open }) {
      const simulator = await open();
      await simulator.startWith('Water glossary');
      await clearSiteData(context, simulator);
      return simulator.page;
    },
  },
  {
    name: 'no IndexedDB',
    async reach({ context }) {
      const page = await openWithoutIndexedDb(context);
      await expect(page.getByRole('alert')).toContainText('STORAGE_UNAVAILABLE');
      return page;
    },
  },
  {
    name: 'in memory only',
    async reach({ context }) {
      const page = await openWithoutIndexedDb(context);
      await page.getByRole('button', { name: 'Continue in memory' }).click();
      await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
      await page.getByRole('tab', { name: 'Database' }).click();
      return page;
    },
  },
  {
    name: 'offline',
    async reach({ context, open }) {
      const { page } = await open();
      await page.evaluate(async () => void (await navigator.serviceWorker.ready));
      await context.setOffline(true);
      await page.reload();
      await ready(page);
      return page;
    },
  },
];

for (const { name, reach } of STATES) {
  test(`axe finds no problem, light, dark and on a phone: ${name}`, async ({ context, baseURL }) => {
    await findProblemsEverywhere(
      await reach({ context, baseURL: baseURL ?? '', open: () => openSimulator(context) }),
    );
  });
}

test('axe finds no problem, light, dark and on a phone: the form for a hub, and a hub that is connected', async ({
  context,
  baseURL,
}, testInfo) => {
  mkdirSync(testInfo.outputPath(), { recursive: true });
  const hub = new Hub(testInfo.outputPath());
  try {
    await hub.start(new URL(baseURL ?? '').origin);
    const simulator = await openSimulator(context);
    const { page } = simulator;
    await simulator.showTab('Database');
    await page.getByLabel('Hub address').fill('http://hub.example');
    await page.getByLabel('Token', { exact: true }).fill(hub.token);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('Use https://');
    await findProblemsEverywhere(page);
    await page.getByLabel('Hub address').fill(hub.url);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByText('Up to date')).toBeVisible();
    await findProblemsEverywhere(page);
  } finally {
    await hub.kill();
  }
});

test('a whole session works with the keyboard alone', async ({ simulator }, testInfo) => {
  const { page } = simulator;
  /** Presses Tab until the target has the focus. Elements behind a focus trap are never reached. */
  const tabTo = async (description: string, isThere: () => Promise<boolean>): Promise<void> => {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press('Tab');
      if (await isThere()) return;
    }
    throw new Error(`${description} is not reached with Tab`);
  };
  const focused = (selector: string) => () =>
    page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
  const focusedText = (text: string) => () =>
    page.evaluate(
      // Without a focused element the body has the focus, and it contains all text.
      (wanted) =>
        document.activeElement instanceof HTMLButtonElement &&
        document.activeElement.textContent.includes(wanted),
      text,
    );

  await tabTo('the example', focusedText('Water network with errors'));
  await page.keyboard.press('Enter');
  await expect(simulator.editor).toBeVisible();
  await tabTo('the run button', focusedText('Run validation'));
  await page.screenshot({ path: testInfo.outputPath('focus-on-run.png') });
  await page.keyboard.press('Enter');
  await expect(simulator.result).toContainText('Does not conform');
  await expect(simulator.table).toContainText('violations');
  await tabTo('the table', focused('[role=grid]'));
  await page.screenshot({ path: testInfo.outputPath('focus-on-table.png') });
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('determinism');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(simulator.table).toBeFocused();
});
