import { readFileSync } from 'node:fs';
import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../support/chromium-launch.ts';
import { expect, openSimulator, test, watch } from './support/fixtures.ts';

test('a run leaves a receipt, memory and an audit trail, and all of it survives a reload', async ({
  simulator,
}) => {
  await simulator.startWith('Water network conforms');
  await simulator.run();
  await expect(simulator.result).toContainText('Conforms');
  await expect(simulator.count('Receipts')).toHaveText('1');
  await expect(simulator.table.getByRole('row')).toHaveCount(2);

  await simulator.page.reload();
  await expect(simulator.editor).toContainText('The drinking water network');
  await expect(simulator.result).toContainText('Conforms');
  await expect(simulator.count('Receipts')).toHaveText('1');
  await simulator.showTab('Memory');
  await expect(simulator.table).toContainText('validator-1');
  await simulator.showTab('Audit trail');
  await expect(simulator.table).toContainText('start_session');
  await expect(simulator.table).toContainText('completed');
});

test('a run has the reports of the command line, and can be repeated', async ({ simulator }) => {
  const { page } = simulator;
  await simulator.startWith('Water network with errors');
  await simulator.run();
  const reports = page.getByRole('region', { name: 'Report of the run' });
  const saved = async (format: string): Promise<string> => {
    await reports.getByLabel('Report as').selectOption(format);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      reports.getByRole('button', { name: 'Download report' }).click(),
    ]);
    return readFileSync(await download.path(), 'utf8');
  };
  const receipt = JSON.parse(await saved('json')) as {
    counts: { results: number };
    determinism_hash: string;
  };
  const count = receipt.counts.results;
  expect(count).toBeGreaterThan(0);
  const sarif = JSON.parse(await saved('sarif')) as { runs: { results: unknown[] }[] };
  expect(sarif.runs[0]?.results).toHaveLength(count);
  expect((await saved('junit')).match(/<failure /g)).toHaveLength(count);
  expect((await saved('turtle')).match(/a sh:ValidationResult/g)).toHaveLength(count);
  expect((await saved('jsonl')).match(/\n/g)).toHaveLength(count);
  await reports.getByRole('button', { name: 'Repeat and compare' }).click();
  await expect(reports).toContainText('The repeated run found the same as the receipt.');
});

test('typed text survives closing the browser', async ({ baseURL }, testInfo) => {
  const profile = testInfo.outputPath('profile');
  const options = { ...chromiumLaunch, baseURL: baseURL ?? '' };
  const first = await chromium.launchPersistentContext(profile, options);
  const before = await openSimulator(first);
  await before.page.getByRole('button', { name: 'Start an empty session' }).click();
  await before.page.getByRole('button', { name: 'Add document' }).click();
  await before.page.getByRole('menuitem', { name: 'New ontology' }).click();
  await before.editor.click();
  await before.page.keyboard.press('Control+End');
  await before.page.keyboard.type('ex:pump a ex:Pump .');
  await before.run();
  await expect(before.result).toContainText('partial');
  await expect(before.page.getByText('Saved', { exact: true })).toBeVisible();
  await first.close();

  const second = await chromium.launchPersistentContext(profile, options);
  const complaints = watch(second);
  const after = await openSimulator(second);
  await expect(after.editor).toContainText('ex:pump a ex:Pump .');
  await expect(after.result).toContainText('partial');
  await expect(after.count('Receipts')).toHaveText('1');
  expect(await after.verified()).toBe(true);
  await second.close();
  expect(complaints).toEqual([]);
});

test('sessions are listed and can be reopened', async ({ simulator }) => {
  const { page } = simulator;
  await simulator.startWith('Water glossary');
  await page.getByRole('button', { name: 'New session' }).click();
  await simulator.startWith('Water sampling');
  await expect(simulator.editor).toContainText('sampling');
  await page.getByRole('button', { name: 'Sessions', exact: true }).click();
  await page.getByRole('menuitem', { name: /water-glossary/ }).click();
  await expect(simulator.editor).toHaveAccessibleName('Content of water-glossary.ttl');
});

test('a session can be named and deleted, and the deletion undone', async ({ simulator, openTab }) => {
  const { page } = simulator;
  await simulator.startWith('Water glossary');
  const name = page.getByLabel('Name of the session');
  await name.fill('Glossary of the east');
  await name.press('Enter');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await page.reload();
  await expect(name).toHaveValue('Glossary of the east');
  const other = await openTab();
  await page.bringToFront();
  await page.getByRole('button', { name: 'Sessions', exact: true }).click();
  await expect(page.getByRole('menuitem', { name: /Glossary of the east/ })).toBeVisible();
  await page.getByRole('menuitem', { name: 'Delete this session' }).click();
  await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
  // The menu's button has no more sessions to offer, and cannot keep the focus.
  await expect(page.getByRole('region', { name: 'Session', exact: true })).toBeFocused();
  await expect(other.page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(name).toHaveValue('Glossary of the east');
  await expect(simulator.editor).toHaveAccessibleName('Content of water-glossary.ttl');
});

test('scripts drive the database and the agents without the user interface', async ({ simulator }) => {
  const status = await simulator.page.evaluate(async () => {
    const { agents, persistence } = globalThis.ggenSim;
    const run = await agents.run(
      'validation',
      persistence,
      { spec: [{ name: 'empty.ttl', content: '' }] },
      { executionId: 'by-script' },
    );
    return run.status;
  });
  expect(status).toBe('partial');
  await expect(simulator.table).toContainText('by-script');
});

test('agents run in a worker: memory counts simultaneous runs, and errors keep their codes', async ({
  simulator,
}) => {
  const { runs, refusal, syntax } = await simulator.page.evaluate(async () => {
    const { agents, persistence } = globalThis.ggenSim;
    const once = () => agents.run('validation', persistence, { spec: [{ name: 'a.ttl', content: '' }] });
    await Promise.all([once(), once(), once(), once(), once()]);
    const memory = JSON.parse(await persistence.getMemory('validator-1')) as { runs: number };
    const refused = await agents
      .run('validation', persistence, { spec: [] })
      .catch((error: unknown) => error);
    const misread = await agents.run('validation', null, { spec: [{ name: 'a.ttl', content: '<a> <b> .' }] });
    return {
      runs: memory.runs,
      refusal: (refused as { code?: string }).code,
      syntax: { code: misread.error?.code, line: misread.error?.location?.line },
    };
  });
  expect(runs).toBe(5);
  expect(refusal).toBe('INVALID_ARGUMENT');
  expect(syntax).toEqual({ code: 'SYNTAX_ERROR', line: 1 });
});

test('a cancelled run ends, and its receipt reports the cancellation', async ({ simulator }) => {
  const code = await simulator.page.evaluate(async () => {
    const { agents, persistence } = globalThis.ggenSim;
    const run = await agents.run(
      'validation',
      persistence,
      { spec: [{ name: 'a.ttl', content: '' }] },
      { signal: AbortSignal.abort() },
    );
    return run.error?.code;
  });
  expect(code).toBe('ABORTED');
  await expect(simulator.count('Receipts')).toHaveText('1');
});

test('two tabs agree: changes in one appear in the other', async ({ simulator, openTab }) => {
  const other = await openTab();
  await simulator.page.bringToFront();
  await simulator.startWith('Water network with errors');
  await expect(other.editor).toContainText('hasty survey');
  await simulator.run();
  await expect(other.count('Receipts')).toHaveText('1');
  await expect(other.table).toContainText('violations');
  await expect(other.result).toContainText('Does not conform');
});

test('the origin private file system is a choice, has its own database, and survives a reload', async ({
  simulator,
}) => {
  const { page } = simulator;
  await simulator.startWith('Water glossary');
  await simulator.run();
  await simulator.showTab('Database');
  await page.getByRole('link', { name: /origin private file system/ }).click();
  await expect(page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
  await simulator.startWith('Water network conforms');
  await simulator.run();
  await page.reload();
  await expect(simulator.editor).toContainText('The drinking water network');
  await simulator.showTab('Database');
  await expect(page.getByText('Origin private file system (OPFS)', { exact: true })).toBeVisible();
  expect(await simulator.executionIds()).toHaveLength(1);
  expect(await simulator.verified()).toBe(true);
  await page.getByRole('link', { name: /IndexedDB/ }).click();
  await expect(page.getByRole('heading', { name: 'Start a session' })).toBeHidden();
  await expect(simulator.editor).not.toContainText('The drinking water network');
  expect(await simulator.executionIds()).toHaveLength(1);
});
