import type { Page } from '@playwright/test';
import { expect, openSimulator, ready, test } from './support/fixtures.ts';

/** Saves receipts and audit entries of three agents, one of which fails. */
async function saveRuns(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const receipts = Array.from({ length: 30 }, (_, index) => ({
      executionId: `run-${String(index).padStart(2, '0')}`,
      agentId: `agent_${index % 3}`,
      agentType: index % 2 === 0 ? 'codegen' : 'validation',
      status: index % 3 === 2 ? ('error' as const) : ('success' as const),
      durationMs: ((index * 7) % 30) * 1000,
      receipt:
        index % 3 === 2 ? { index, error: { code: 'TIME_LIMIT' } } : { index, error: null, conforms: true },
    }));
    const audits = [{ agentId: 'agent_1', operation: 'generate', status: 'failed' as const }];
    await globalThis.ggenSim.persistence.record({ receipts, audits });
  });
}

test('every view and filter has an address: a reload returns to it, and Back to what was before', async ({
  simulator,
}) => {
  const { page, table } = simulator;
  await saveRuns(page);
  await expect(simulator.count('Receipts')).toHaveText('30');
  await page.getByLabel('Status').selectOption('failed');
  await expect(simulator.matching).toHaveText('10 of 30');
  await page.getByRole('button', { name: /^Duration/ }).click();
  await expect(table).toHaveAccessibleName('Receipts, longest first');
  await expect(table.getByRole('row').nth(1)).toContainText('run-17');
  await page.reload();
  await ready(page);
  await expect(simulator.matching).toHaveText('10 of 30');
  await expect(table.getByRole('row').nth(1)).toContainText('run-17');
  await expect(simulator.count('Error')).toHaveText('10');

  await simulator.showTab('Audit trail');
  await expect(table).toContainText('generate');
  await page.goBack();
  await expect(table).toHaveAccessibleName('Receipts, longest first');
  await page.goBack();
  await expect(table).toHaveAccessibleName('Receipts, newest first');
  await page.goBack();
  await expect(page.getByLabel('Status')).toHaveValue('');
  await expect(table.getByRole('row').nth(1)).toContainText('run-29');
});

test('a record has an address: Back closes it, a reload opens it again, its neighbours are a click away', async ({
  simulator,
  context,
}) => {
  const { page } = simulator;
  await saveRuns(page);
  await simulator.table.getByText('run-28').click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('run-28');
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog).toContainText('run-27');
  await page.reload();
  await ready(page);
  await expect(dialog).toContainText('run-27');
  const address = page.url();
  await page.goBack();
  await expect(dialog).toHaveCount(0);
  await expect(simulator.table.getByRole('row').nth(1)).toContainText('run-29');

  const other = await openSimulator(context);
  await other.page.goto(address);
  await expect(other.page.getByRole('dialog')).toContainText('run-27');
  await other.page.getByRole('button', { name: 'Close details' }).click();
  await expect(other.page.getByRole('dialog')).toHaveCount(0);
  expect(new URL(other.page.url()).hash).not.toContain('run-27');
  await other.page.goto(address.replace(/receipts\/[^?]*/, 'receipts/none%2Fsuch'));
  await expect(other.page.getByRole('dialog')).toContainText('There is no record none/such');
});

test('rows are found by agent, type, execution, time and text', async ({ simulator }) => {
  const { page, table } = simulator;
  await saveRuns(page);
  const count = (text: string) => expect(simulator.matching).toHaveText(text);
  await page.getByRole('searchbox', { name: /by text/ }).fill('time_LIMIT');
  await count('10 of 30');
  await page.getByRole('button', { name: 'More filters' }).click();
  await page.getByLabel('Type').fill('valid');
  await count('5 of 30');
  await page.getByLabel('Execution').fill('run-1');
  await count('2 of 30');
  await expect(table.getByRole('row').nth(1)).toContainText('run-17');
  await page.getByLabel('From (UTC)').fill('2999-01-01');
  await expect(page.getByText('No matching receipts')).toBeVisible();
  await count('0 of 30');
  await page.getByLabel('From (UTC)').fill('the day before');
  await expect(page.getByRole('alert')).toContainText('INVALID_ARGUMENT');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(table.getByRole('row').nth(1)).toContainText('run-29');
  // The agent's link finds that agent alone, although _ is a wildcard.
  await table.getByText('run-28').click();
  await page.getByRole('dialog').getByRole('link', { name: 'agent_1' }).click();
  await count('10 of 30');
});

test('the overview leads from each figure to its rows', async ({ simulator }) => {
  const { page, table } = simulator;
  await saveRuns(page);
  await simulator.showTab('Overview');
  const overview = page.getByRole('tabpanel', { name: 'Overview' });
  await expect(overview).toContainText('10 errors in 30 runs');
  const slowest = overview.getByRole('region', { name: 'Slowest runs' });
  await slowest.getByRole('link', { name: 'Show all' }).click();
  await expect(table.getByRole('row').nth(1)).toContainText('29.00 s');
  await page.goBack();
  await overview.getByRole('link', { name: '10 (100%)' }).click();
  await expect(simulator.matching).toHaveText('10 of 30');
  await expect(page.getByLabel('Status')).toHaveValue('error');
  await page.goBack();
  await overview.getByRole('link', { name: /: 30 runs, 10 with an error$/ }).click();
  await expect(simulator.matching).toHaveText('30 of 30');
  await page.goBack();
  // What was stored since the last visit is new.
  await page.addInitScript(() => localStorage.setItem('ggen-sim-last-visit', '2020-01-01T00:00:00Z'));
  await page.reload();
  await overview.getByRole('link', { name: '10 with an error', exact: true }).click();
  await expect(simulator.matching).toHaveText('10 of 30');
});

test('the commands lead to views and rows, and data alone gets the whole width', async ({ simulator }) => {
  const { page } = simulator;
  await saveRuns(page);
  await page.keyboard.press('Control+k');
  const commands = page.getByRole('dialog', { name: 'Commands' });
  // The commands are loaded when they are first opened.
  await expect(commands.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('that failed');
  await page.keyboard.press('Enter');
  await expect(commands).toHaveCount(0);
  await expect(simulator.matching).toHaveText('10 of 30');
  await page.keyboard.press('Control+k');
  await expect(commands.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('run-17');
  await page.keyboard.press('Enter');
  await expect(simulator.matching).toHaveText('1 of 30');

  const session = page.getByRole('region', { name: 'Session', exact: true });
  await expect(session).toBeVisible();
  await page.reload();
  await expect(simulator.table).toBeVisible();
  await expect(session).toHaveCount(0);
  await page.getByRole('button', { name: 'Session', exact: true }).click();
  await expect(session).toBeVisible();
  await page.reload();
  await expect(session).toBeVisible();
});
