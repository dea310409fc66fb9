import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page, TestInfo } from '@playwright/test';
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

/** Makes a database that takes a while to read. @returns its path */
async function largeDatabase(testInfo: TestInfo): Promise<string> {
  const file = testInfo.outputPath('large.db');
  await ggenSim('db', 'init', '--db', file);
  await sqlite3(
    file,
    `INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
     SELECT 'a' || value, 'agent', 'op', 'completed', hex(randomblob(400)) FROM generate_series(1, 20000)`,
  );
  return file;
}

test('the check of a file says how far it is, and can be cancelled', async ({ simulator }, testInfo) => {
  const { page } = simulator;
  const file = await largeDatabase(testInfo);
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
  const file = await largeDatabase(testInfo);
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

/**
 * Lets the page write into the origin's own folder in place of one that a person chooses: a dialog of the system asks for it.
 */
const chooseOwnFolder = (page: Page): Promise<void> =>
  page.evaluate(() => {
    Object.assign(globalThis, { showDirectoryPicker: () => navigator.storage.getDirectory() });
  });

/** Reads the files in the folders of the origin's own folder. @returns their paths, and their content in base64 */
const ownFiles = (page: Page): Promise<(readonly [path: string, content: string])[]> =>
  page.evaluate(async () => {
    const found: (readonly [string, string])[] = [];
    for await (const [folder, directory] of (await navigator.storage.getDirectory()).entries()) {
      for await (const [file, handle] of (directory as FileSystemDirectoryHandle).entries()) {
        const bytes = new Uint8Array(await (await (handle as FileSystemFileHandle).getFile()).arrayBuffer());
        found.push([
          `${folder}/${file}`,
          btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')),
        ]);
      }
    }
    return found;
  });

test('a backup is written to a folder, checked by the command line, and restored in a session', async ({
  simulator,
}, testInfo) => {
  const { page } = simulator;
  await chooseOwnFolder(page);
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await simulator.showTab('Database');
  await page.getByRole('button', { name: 'Write backup…' }).click();
  await expect(page.getByText('Backup written')).toBeVisible();
  await expect(page.getByText(/^ggen-backup-\d{8}-\d{6}: \d files, /)).toBeVisible();
  const files = await ownFiles(page);
  const name = path.dirname(files[0]?.[0] ?? '');
  const backup = testInfo.outputPath(name);
  await mkdir(backup);
  for (const [file, content] of files)
    await writeFile(testInfo.outputPath(file), Buffer.from(content, 'base64'));
  const restored = testInfo.outputPath('restored.db');
  await ggenSim('db', 'restore', backup, '--db', restored);
  const [executionId = ''] = await simulator.executionIds();
  expect(await sqlite3(restored, 'SELECT execution_id FROM receipts')).toBe(executionId);
  await ggenSim('db', 'verify', '--db', restored);

  await simulator.run();
  await expect(simulator.count('Receipts')).toHaveText('2');
  await simulator.showTab('Database');
  await page.getByLabel('Backup to restore').setInputFiles(backup);
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText(`Replace the database with ${name}?`);
  await expect(question).toContainText('contains 1 receipt, 2 memories, ');
  await question.getByRole('button', { name: 'Replace database' }).click();
  await expect(page.getByText('Database imported')).toBeVisible();
  await page.reload();
  await expect(simulator.count('Receipts')).toHaveText('1');
  expect(await simulator.executionIds()).toEqual([executionId]);
  expect(await simulator.verified()).toBe(true);
});

test('a backup that is cancelled leaves nothing behind', async ({ simulator }, testInfo) => {
  const { page } = simulator;
  await chooseOwnFolder(page);
  const file = await largeDatabase(testInfo);
  await simulator.showTab('Database');
  await page.getByLabel('Database to import').setInputFiles(file);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Replace database' }).click();
  await expect(simulator.count('Audit entries')).toHaveText('20,000');
  // Cancels in the moment in which it is said how far the backup is.
  await page.evaluate(() => {
    const observer = new MutationObserver(() => {
      const cancel = [...document.querySelectorAll('button')].find(
        ({ textContent }) => textContent === 'Cancel',
      );
      if (cancel?.nextElementSibling?.textContent?.startsWith('audit_log: ') !== true) return;
      observer.disconnect();
      cancel.click();
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.getByRole('button', { name: 'Write backup…' }).click();
  await expect(page.getByText('Backup cancelled')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Write backup…' })).toBeEnabled();
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const left: string[] = [];
        for await (const name of (await navigator.storage.getDirectory()).keys()) left.push(name);
        return left;
      }),
    )
    .toEqual([]);
});

test('where no folder can be chosen, a backup is downloaded as an archive', async ({
  simulator,
}, testInfo) => {
  const { page } = simulator;
  await page.evaluate(() => void Object.assign(globalThis, { showDirectoryPicker: undefined }));
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await simulator.showTab('Database');
  await expect(page.getByText('downloaded as one .tar file')).toBeVisible();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Write backup…' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^ggen-backup-\d{8}-\d{6}\.tar$/);
  const archive = testInfo.outputPath('backup.tar');
  await download.saveAs(archive);
  execFileSync('tar', ['-xf', archive, '-C', path.dirname(archive)]);
  const folder = testInfo.outputPath(download.suggestedFilename().replace('.tar', ''));
  const restored = testInfo.outputPath('restored.db');
  await ggenSim('db', 'restore', folder, '--db', restored);
  expect(await sqlite3(restored, 'SELECT count(*) FROM receipts')).toBe('1');
});

test('rows of a file are added to the database of a session', async ({ simulator }, testInfo) => {
  const { page } = simulator;
  const other = testInfo.outputPath('other.db');
  for (const name of ['one', 'two']) {
    await ggenSim('db', 'save-receipt', name, 'cli-agent', 'validation', '{}', '--db', other);
  }
  const rows = testInfo.outputPath('receipts.ndjson');
  await ggenSim('db', 'export', 'receipts', 'ndjson', rows, '--db', other);
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await simulator.showTab('Database');
  const question = page.getByRole('alertdialog');
  const importRows = async (outcome: string): Promise<void> => {
    await page.getByLabel('Rows to import').setInputFiles(rows);
    await expect(question).toContainText(outcome);
  };
  await importRows('2 rows to import, 0 stored already, 0 refused.');
  await expect(simulator.count('Receipts')).toHaveText('1');
  await question.getByRole('button', { name: 'Import rows' }).click();
  await expect(question).toContainText('2 rows imported, 0 stored already, 0 refused.');
  await question.getByRole('button', { name: 'Close' }).click();
  await expect(simulator.count('Receipts')).toHaveText('3');
  await importRows('0 rows to import, 2 stored already, 0 refused.');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await page.reload();
  await expect(simulator.count('Receipts')).toHaveText('3');
  expect(await simulator.executionIds()).toEqual(expect.arrayContaining(['one', 'two']));
  expect(await simulator.verified()).toBe(true);
});
