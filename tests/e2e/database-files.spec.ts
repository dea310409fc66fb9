import { writeFile } from 'node:fs/promises';
import { expect, test } from './support/fixtures.ts';
import { ggenSim, sqlite3 } from './support/native-tools.ts';

test('the downloaded database opens in sqlite3 and on the command line', async ({ simulator }, testInfo) => {
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await simulator.showTab('Database');
  const downloading = simulator.page.waitForEvent('download');
  await simulator.page.getByRole('button', { name: 'Download database' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^ggen-\d{8}-\d{6}\.db$/);
  const file = testInfo.outputPath('from-page.db');
  await download.saveAs(file);

  expect(await sqlite3(file, 'PRAGMA integrity_check')).toBe('ok');
  expect(await sqlite3(file, 'SELECT count(*) FROM receipts')).toBe('1');
  const receipts = JSON.parse(await ggenSim('db', 'query-receipts', '--db', file)) as { status: string }[];
  expect(receipts.map(({ status }) => status)).toEqual(['error']);
});

test('a database of the command line is imported, after a check and a confirmation', async ({
  simulator,
}, testInfo) => {
  const file = testInfo.outputPath('from-cli.db');
  await ggenSim(
    'db',
    'save-receipt',
    'exec-cli',
    'cli-agent',
    'validation',
    '{"made":"outside"}',
    'success',
    '42',
    '--db',
    file,
  );
  await simulator.startWith('Water glossary');
  await simulator.showTab('Database');
  await simulator.page.getByLabel('Database to import').setInputFiles(file);
  const question = simulator.page.getByRole('alertdialog');
  await expect(question).toContainText('contains 1 receipt, 0 memories, 0 audit entries');
  await expect(question).toContainText('The check found no problems.');
  await question.getByRole('button', { name: 'Replace database' }).click();
  await expect(question).toBeHidden();

  await expect(simulator.count('Receipts')).toHaveText('1');
  await simulator.showTab('Receipts');
  await expect(simulator.table).toContainText('cli-agent');
  // The session was in the replaced database.
  await expect(simulator.page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
  await simulator.page.reload();
  await expect(simulator.table).toContainText('cli-agent');
});

test('the check of a file says how far it is, and can be cancelled', async ({ simulator }, testInfo) => {
  const { page } = simulator;
  const file = testInfo.outputPath('large.db');
  await ggenSim('db', 'init', '--db', file);
  await sqlite3(
    file,
    `INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
     SELECT 'a' || value, 'agent', 'op', 'completed', hex(randomblob(400)) FROM generate_series(1, 20000)`,
  );
  await simulator.startWith('Water glossary');
  await simulator.showTab('Database');
  /** Notes what is shown, and clicks to cancel in the moment in which that can be done. */
  const watchImport = (cancels: boolean): Promise<void> =>
    page.evaluate((clicks) => {
      const shown: string[] = ((globalThis as { shown?: string[] }).shown = []);
      const observer = new MutationObserver(() => {
        const cancel = [...document.querySelectorAll('button')].find(
          ({ textContent }) => textContent === 'Cancel the import',
        );
        if (!cancel) return;
        shown.push(cancel.nextElementSibling?.textContent ?? '');
        if (!clicks) return;
        observer.disconnect();
        cancel.click();
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    }, cancels);
  const importing = page.getByRole('button', { name: 'Import database…' });
  await watchImport(true);
  await page.getByLabel('Database to import').setInputFiles(file);
  await page.waitForFunction(() => ((globalThis as { shown?: string[] }).shown?.length ?? 0) > 0);
  await expect(importing).toBeEnabled();
  await expect(page.getByRole('button', { name: 'Cancel the import' })).toHaveCount(0);
  await expect(page.getByRole('alertdialog')).toHaveCount(0);

  await watchImport(false);
  await page.getByLabel('Database to import').setInputFiles(file);
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText('20,000 audit entries');
  const stages = await page.evaluate(() => (globalThis as { shown?: string[] }).shown?.join('\n') ?? '');
  expect(stages).toMatch(/Reading: .+ of 2\d\.\d MiB/);
  expect(stages).toContain('Opening');
  expect(stages).toMatch(/Checking \w+: [\d,]+( of [\d,]+)? (rows|pages|bytes)/);
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(simulator.count('Memories')).toHaveText('1');
});

test('replacing a database says how far it is, and cancelling it leaves the old one', async ({
  simulator,
}, testInfo) => {
  const { page } = simulator;
  const file = testInfo.outputPath('large.db');
  await ggenSim('db', 'init', '--db', file);
  await sqlite3(
    file,
    `INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
     SELECT 'a' || value, 'agent', 'op', 'completed', hex(randomblob(400)) FROM generate_series(1, 20000)`,
  );
  await simulator.startWith('Water glossary');
  await simulator.showTab('Database');
  const question = page.getByRole('alertdialog');
  const replace = async (cancels: boolean): Promise<void> => {
    await page.getByLabel('Database to import').setInputFiles(file);
    await expect(question).toContainText('20,000 audit entries');
    // Notes what is shown, and cancels in the moment in which the file is checked once more.
    await page.evaluate((clicks) => {
      const shown: string[] = ((globalThis as { shown?: string[] }).shown = []);
      const observer = new MutationObserver(() => {
        const dialog = document.querySelector('[role="alertdialog"]');
        const text = dialog?.querySelector('[aria-live]')?.textContent ?? '';
        if (text === '') return;
        shown.push(text);
        if (!clicks) return;
        observer.disconnect();
        [...(dialog?.querySelectorAll('button') ?? [])]
          .find(({ textContent }) => textContent === 'Cancel')
          ?.click();
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    }, cancels);
    await question.getByRole('button', { name: 'Replace database' }).click();
    await expect(question).toHaveCount(0);
  };
  await replace(true);
  await expect(page.getByText('Import cancelled')).toBeVisible();
  await expect(simulator.count('Memories')).toHaveText('1');
  // The one of the session.
  await expect(simulator.count('Audit entries')).toHaveText('1');
  await page.reload();
  await expect(simulator.count('Memories')).toHaveText('1');

  await replace(false);
  await expect(page.getByText('Database imported')).toBeVisible();
  const shown = await page.evaluate(() => (globalThis as { shown?: string[] }).shown?.join('\n') ?? '');
  expect(shown).toContain('Checking the file…');
  expect(shown).toMatch(/Replacing: .+ of 2\d\.\d MiB/);
  await expect(simulator.count('Audit entries')).toHaveText('20,000');
});

test('a file that is not a database is refused by name, and nothing changes', async ({
  simulator,
}, testInfo) => {
  const file = testInfo.outputPath('notes.db');
  await writeFile(file, 'not a database\n'.repeat(500));
  await simulator.startWith('Water glossary');
  await simulator.showTab('Database');
  await simulator.page.getByLabel('Database to import').setInputFiles(file);
  const refusal = simulator.page.getByRole('alertdialog');
  await expect(refusal).toContainText('NOT_A_DATABASE');
  await expect(refusal.getByRole('button', { name: 'Replace' })).toHaveCount(0);
  await refusal.getByRole('button', { name: 'Close' }).click();
  await expect(simulator.count('Memories')).toHaveText('1');
});

test('a database of another program is refused by what it holds, and nothing changes', async ({
  simulator,
}, testInfo) => {
  const file = testInfo.outputPath('places.sqlite');
  await sqlite3(
    file,
    'CREATE TABLE bookmarks(url); CREATE TABLE history(url); INSERT INTO history VALUES (1)',
  );
  await simulator.startWith('Water glossary');
  await simulator.showTab('Database');
  await simulator.page.getByLabel('Database to import').setInputFiles(file);
  const refusal = simulator.page.getByRole('alertdialog');
  await expect(refusal).toContainText('places.sqlite cannot be imported');
  await expect(refusal).toContainText('it holds "bookmarks", "history"');
  await expect(refusal.getByRole('button', { name: 'Replace' })).toHaveCount(0);
  await refusal.getByRole('button', { name: 'Close' }).click();
  await expect(simulator.count('Memories')).toHaveText('1');

  // A table of this program makes it adoptable. What else it holds is said before anything is replaced.
  await ggenSim('db', 'init', '--db', file);
  await simulator.page.getByLabel('Database to import').setInputFiles(file);
  await expect(refusal).toContainText('contains 0 receipts, 0 memories, 0 audit entries');
  await expect(refusal).toContainText('It also has 2 tables of another program.');
  await refusal.getByRole('button', { name: 'Cancel' }).click();
  await expect(simulator.count('Memories')).toHaveText('1');
});

test('the audit trail is downloaded as CSV', async ({ simulator }, testInfo) => {
  await simulator.startWith('Water glossary');
  await simulator.run();
  await simulator.showTab('Database');
  const downloading = simulator.page.waitForEvent('download');
  await simulator.page.getByRole('button', { name: 'Download audit trail' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^audit-export-.*\.csv$/);
  await download.saveAs(testInfo.outputPath('audit.csv'));
});
