/** The path of somebody who sees the page for the first time, from an example to a file on disk. */
import { expect, ready, test } from './support/fixtures.ts';
import { SimulatorPage } from './support/simulator-page.ts';
import { startStudio } from './support/studio.ts';

test('a stranger finds why a run failed, fixes it, compares, shares it, and takes it along as a file', async ({
  context,
}, testInfo) => {
  const page = await context.newPage();
  await page.goto('./');
  await ready(page);
  const simulator = new SimulatorPage(page);

  // Runs an example, and sees in the overview that it failed.
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await expect(page.getByText('1 error', { exact: true })).toBeVisible();
  await page
    .getByRole('region', { name: 'Newest errors' })
    .getByRole('link', { name: 'validator-1' })
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('does not conform');
  await dialog.getByRole('button', { name: 'Close details' }).click();
  await expect(dialog).toHaveCount(0);

  // Goes to the line of a violation and fixes it.
  const material = simulator.result.getByRole('row').filter({ hasText: 'wn:material' });
  await expect(material).toContainText('lead');
  await material.getByRole('button', { name: 'Line 48' }).click();
  const line = page.locator('.cm-activeLine');
  await expect(line).toContainText('wn:material "lead"');
  await page.keyboard.press('End');
  await page.keyboard.press('Shift+Home');
  await page.keyboard.press('Delete');
  await page.keyboard.type('wn:material "steel" ;');
  await expect(line).toContainText('wn:material "steel"');

  // Runs it again and compares.
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(page.getByText('Since the run before: 1 fixed, 0 new')).toBeVisible();

  // Names the session.
  const name = page.getByLabel('Name of the session');
  await name.fill('The east district');
  await name.press('Enter');
  await expect(page.getByRole('status').getByText('Saved')).toBeVisible();
  await page.getByRole('link', { name: 'Compare the two runs' }).click();
  await expect(dialog.getByRole('textbox', { name: 'This receipt' })).toContainText('"results": 19');

  // The link shows the same to whoever opens it.
  const shared = await context.newPage();
  await shared.goto(page.url());
  await expect(shared.getByRole('textbox', { name: 'The other receipt' })).toContainText('"results": 20');
  await shared.getByRole('button', { name: 'Close details' }).click();
  await expect(shared.getByLabel('Name of the session')).toHaveValue('The east district');
  await shared.close();

  // Takes the database along, and opens it in the studio.
  await page.goBack();
  await expect(dialog).toHaveCount(0);
  await simulator.showTab('Database');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download database' }).click(),
  ]);
  const file = testInfo.outputPath('taken-along.db');
  await download.saveAs(file);
  const studio = await startStudio(file);
  try {
    await page.goto(studio.url);
    await simulator.showTab('Memory');
    await simulator.table.getByText(/^session-/).click();
    await expect(dialog).toContainText('The east district');
    await dialog.getByRole('button', { name: 'Close details' }).click();
    await simulator.showTab('Receipts');
    await expect(simulator.count('Receipts')).toHaveText('2');
    await simulator.table.getByRole('row').nth(1).click();
    await dialog.getByRole('button', { name: 'Verify' }).click();
    await expect(dialog).toContainText('Unchanged since it was stored');
  } finally {
    // A page whose server is gone logs that it cannot connect.
    await page.close();
    await studio.kill('SIGTERM');
  }
});
