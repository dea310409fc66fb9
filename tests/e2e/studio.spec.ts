/** `ggen-sim studio`: the page over a real file, served by the built command in a process of its own. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { findProblemsEverywhere } from './support/axe.ts';
import { ggenSim, sqlite3 } from './support/native-tools.ts';
import { SimulatorPage } from './support/simulator-page.ts';
import { startStudio, type Studio } from './support/studio.ts';

const test = base.extend<{ file: string; start: (...options: string[]) => Promise<Studio> }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of other fixtures from it
  file: async ({}, use, testInfo) => {
    const file = testInfo.outputPath('ggen.db');
    await ggenSim('db', 'init', '--db', file);
    await use(file);
  },
  start: async ({ file }, use) => {
    const started: Studio[] = [];
    await use(async (...options) => {
      const studio = await startStudio(file, ...options);
      started.push(studio);
      return studio;
    });
    for (const studio of started) await studio.kill('SIGTERM');
  },
});

const save = (file: string, execution: string, agent: string): Promise<string> =>
  ggenSim('db', 'save-receipt', execution, agent, 'validation', '{"made":"outside"}', '--db', file);

async function open(page: Page, { url }: Studio): Promise<SimulatorPage> {
  await page.goto(url);
  await expect(page.getByText('on this computer').first()).toBeVisible();
  const simulator = new SimulatorPage(page);
  await simulator.showTab('Receipts');
  return simulator;
}

/** Saves a receipt in the page. @returns the code of the error, or `saved` */
const saveInPage = (page: Page, execution: string): Promise<string> =>
  page.evaluate(async (executionId) => {
    try {
      await globalThis.ggenSim.persistence.saveReceipt({
        executionId,
        agentId: 'page',
        agentType: 'validation',
        receipt: '{}',
      });
      return 'saved';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }, execution);

test('shows a file, what other processes save in it, and refuses to change it', async ({
  page,
  file,
  start,
}) => {
  await save(file, 'first', 'alpha');
  const studio = await start();
  const simulator = await open(page, studio);
  await expect(simulator.table).toContainText('alpha');
  await expect(page.getByText(file).first()).toBeVisible();
  await expect(page.getByText('Read only')).toBeVisible();
  expect(page.url()).not.toContain('token');

  await save(file, 'second', 'beta');
  await expect(simulator.count('Receipts')).toHaveText('2');
  await expect(simulator.table).toContainText('beta');
  await page.getByLabel('Agent').first().fill('alph%');
  await expect(simulator.table).not.toContainText('beta');
  await expect(simulator.table).toContainText('alpha');

  expect(await saveInPage(page, 'third')).toBe('READ_ONLY');
  await expect(simulator.count('Receipts')).toHaveText('1 of 2');
  await simulator.showTab('Database');
  await expect(page.getByRole('button', { name: 'Delete all data…' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Import/ })).toHaveCount(0);
  await expect(page.getByText('Start it with --write to import.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Browser storage' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(page.getByText('No problems found; 2 receipt IDs verified')).toBeVisible();
  await page.reload();
  await expect(simulator.count('Receipts')).toHaveText('2');
});

test('imports a database file into the file on disk after a check, or leaves it as it was', async ({
  page,
  file,
  start,
}, testInfo) => {
  await save(file, 'old', 'alpha');
  const other = testInfo.outputPath('other.db');
  await ggenSim('db', 'init', '--db', other);
  await save(other, 'new-1', 'beta');
  await save(other, 'new-2', 'gamma');
  // More than one piece of those in which it is read.
  await sqlite3(
    other,
    `INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
     SELECT 'a' || value, 'agent', 'op', 'completed', hex(randomblob(40000)) FROM generate_series(1, 100)`,
  );
  const broken = testInfo.outputPath('broken.db');
  writeFileSync(broken, readFileSync(other).subarray(0, 1_000_000));
  const executions = (): Promise<string> =>
    sqlite3(file, 'SELECT group_concat(execution_id) FROM (SELECT execution_id FROM receipts ORDER BY 1)');

  const simulator = await open(page, await start('--write'));
  await simulator.showTab('Database');
  const question = page.getByRole('alertdialog');
  const choose = (path: string): Promise<void> => page.getByLabel('Database to import').setInputFiles(path);
  await choose(broken);
  await expect(question).toContainText('broken.db cannot be imported');
  await question.getByRole('button', { name: 'Close' }).click();
  await choose(other);
  await expect(question).toContainText('2 receipts, 0 memories, 100 audit entries');
  await expect(question).toContainText('All data stored here (1 receipt, ');
  await question.getByRole('button', { name: 'Cancel' }).click();
  expect(await executions()).toBe('old');

  await choose(other);
  await question.getByRole('button', { name: 'Replace database' }).click();
  await expect(page.getByText('Database imported')).toBeVisible();
  await expect(simulator.count('Receipts')).toHaveText('2');
  expect(await executions()).toBe('new-1,new-2');
  expect(await sqlite3(file, 'PRAGMA integrity_check')).toBe('ok');
  // Other processes go on with the same file.
  await save(file, 'old-2', 'delta');
  await expect(simulator.count('Receipts')).toHaveText('3');
});

test('adds rows of a file and restores a backup, with the same result as the command line', async ({
  page,
  file,
  start,
}, testInfo) => {
  await save(file, 'kept', 'alpha');
  const backup = testInfo.outputPath('backup');
  await ggenSim('db', 'backup', '--db', file, backup);
  const rows = testInfo.outputPath('receipts.ndjson');
  const row = { agent_id: 'beta', agent_type: 'validation', receipt_json: '{}' };
  const lines = [
    { ...row, execution_id: 'new' },
    { ...row, execution_id: 'kept', agent_id: 'alpha' },
    'no row',
  ];
  writeFileSync(rows, lines.map((line) => JSON.stringify(line)).join('\n'));

  const simulator = await open(page, await start('--write'));
  await simulator.showTab('Database');
  const question = page.getByRole('alertdialog');
  await page.getByLabel('Rows to import').setInputFiles(rows);
  await expect(question.getByLabel('into')).toHaveValue('receipts');
  await expect(question.getByLabel('as')).toHaveValue('ndjson');
  await expect(question).toContainText('1 row to import, 0 stored already, 2 refused.');
  expect(await sqlite3(file, 'SELECT count(*) FROM receipts')).toBe('1');
  // As rows of another table, none can be.
  await question.getByLabel('into').selectOption('Memory');
  await expect(question).toContainText('0 rows to import, 0 stored already, 3 refused.');
  await expect(question.getByRole('button', { name: 'Import rows' })).toBeDisabled();
  await question.getByLabel('into').selectOption('Receipts');
  await expect(question).toContainText('1 row to import');
  await question.getByRole('button', { name: 'Import rows' }).click();
  await expect(question).toContainText('1 row imported, 0 stored already, 2 refused.');
  await expect(question).toContainText('Line 2: a row with this');
  await expect(question).toContainText('Line 3: ');
  await question.getByRole('button', { name: 'Close' }).click();
  await expect(simulator.count('Receipts')).toHaveText('2');
  expect(await sqlite3(file, 'SELECT count(*) FROM receipts')).toBe('2');

  await page.getByLabel('Backup to restore').setInputFiles(backup);
  await expect(question).toContainText('Replace the database with backup?');
  await expect(question).toContainText('contains 1 receipt, 0 memories, ');
  await question.getByRole('button', { name: 'Replace database' }).click();
  await expect(page.getByText('Database imported')).toBeVisible();
  await expect(simulator.count('Receipts')).toHaveText('1');
  expect(await sqlite3(file, 'SELECT execution_id FROM receipts')).toBe('kept');
  expect((await ggenSim('db', 'verify', '--db', file)).length).toBeGreaterThan(0);

  // A file of it that was changed.
  appendFileSync(join(backup, 'receipts.json'), ' ');
  await page.getByLabel('Backup to restore').setInputFiles(backup);
  await expect(question).toContainText('backup cannot be imported');
  expect(await sqlite3(file, 'SELECT execution_id FROM receipts')).toBe('kept');
});

test('an import of rows that is cancelled has added whole batches, and goes on when it is repeated', async ({
  page,
  file,
  start,
}, testInfo) => {
  const total = 60_000;
  const other = testInfo.outputPath('other.db');
  await ggenSim('db', 'init', '--db', other);
  await sqlite3(
    other,
    `INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
     SELECT 'a' || value, 'agent', 'op', 'completed', 'n' FROM generate_series(1, ${total})`,
  );
  const rows = testInfo.outputPath('audit.ndjson');
  await ggenSim('db', 'export', 'audit', 'ndjson', rows, '--db', other);
  const simulator = await open(page, await start('--write'));
  await simulator.showTab('Database');
  const question = page.getByRole('alertdialog');
  const importing = page.getByRole('button', { name: 'Import rows', exact: true });
  await page.getByLabel('Rows to import').setInputFiles(rows);
  await expect(question).toContainText('60,000 rows to import');
  // Cancels in the moment in which it says that the first rows are stored.
  await page.evaluate(() => {
    const observer = new MutationObserver(() => {
      const dialog = document.querySelector('[role="alertdialog"]');
      const text = dialog?.querySelector('[aria-live]')?.textContent ?? '';
      if (!text.startsWith('import ')) return;
      observer.disconnect();
      [...(dialog?.querySelectorAll('button') ?? [])]
        .find(({ textContent }) => textContent === 'Cancel')
        ?.click();
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await importing.click();
  await expect(page.getByText('Import cancelled')).toBeVisible();
  await expect(question).toHaveCount(0);
  const stored = Number(await sqlite3(file, 'SELECT count(*) FROM audit_log'));
  expect(stored).toBeGreaterThan(0);
  expect(stored).toBeLessThan(total);
  expect(stored % 2000).toBe(0);
  expect(await sqlite3(file, 'SELECT count(*), max(rowid) FROM audit_log')).toBe(`${stored}|${stored}`);
  await ggenSim('db', 'verify', '--db', file);

  await page.getByLabel('Rows to import').setInputFiles(rows);
  const left = (total - stored).toLocaleString('en');
  await expect(question).toContainText(
    `${left} rows to import, ${stored.toLocaleString('en')} stored already`,
  );
  await importing.click();
  await expect(question).toContainText(`${left} rows imported`);
  await question.getByRole('button', { name: 'Close' }).click();
  expect(await sqlite3(file, 'SELECT count(*) FROM audit_log')).toBe(String(total));
  await ggenSim('db', 'verify', '--db', file);
});

test('a studio for reading only writes a backup', async ({ page, file, start }, testInfo) => {
  await save(file, 'kept', 'alpha');
  await page.addInitScript(() => void Object.assign(globalThis, { showDirectoryPicker: undefined }));
  const simulator = await open(page, await start());
  await simulator.showTab('Database');
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Write backup…' }).click();
  const download = await downloading;
  const archive = testInfo.outputPath('backup.tar');
  await download.saveAs(archive);
  execFileSync('tar', ['-xf', archive, '-C', testInfo.outputDir]);
  const folder = testInfo.outputPath(download.suggestedFilename().replace('.tar', ''));
  await ggenSim('db', 'restore', folder, '--db', testInfo.outputPath('restored.db'));
  expect(await sqlite3(testInfo.outputPath('restored.db'), 'SELECT execution_id FROM receipts')).toBe('kept');
});

test('refuses who has no token, a page of another site, and a name that points here', async ({
  page,
  start,
}) => {
  const studio = await start('--write');
  await page.goto(`${studio.origin}/#token=${'x'.repeat(43)}`);
  await expect(page.getByRole('heading', { name: 'The server refused this address' })).toBeVisible();
  // Another port is another site. It has the token, and no policy of its own.
  const foreign = createServer((_request, answer) => answer.end('<!doctype html>')).listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
  const protocols = ['ggen-sim.1', `ggen-sim.token.${Buffer.from(studio.token).toString('hex')}`];
  const connect = (target: Page): Promise<string> =>
    target.evaluate(
      ([url, offered]) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url, offered);
          socket.addEventListener('open', () => resolve('open'));
          socket.addEventListener('close', () => resolve('closed'));
        }),
      [`ws://127.0.0.1:${studio.port}/rpc`, protocols] as const,
    );
  expect(await connect(page)).toBe('closed');
  foreign.closeAllConnections();
  foreign.close();
  await open(page, studio);
  expect(await connect(page)).toBe('open');

  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const key = { 'sec-websocket-key': Buffer.alloc(16).toString('base64') };
  const offered = { 'sec-websocket-protocol': protocols.join(', ') };
  for (const [path, headers] of [
    ['/', {}],
    ['/rpc', { ...upgrade, ...key, ...offered, origin: `http://rebound.example:${studio.port}` }],
  ] as const) {
    const sent = httpRequest({
      host: '127.0.0.1',
      port: studio.port,
      path,
      headers: { ...headers, host: `rebound.example:${studio.port}` },
    });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect([path, answer.statusCode]).toEqual([path, 403]);
    answer.resume();
  }
});

test('a file without a change log cannot be synchronised, which is no failure', async ({
  page,
  file,
  start,
}) => {
  await sqlite3(file, 'DROP TABLE _change_log');
  const simulator = await open(page, await start());
  await simulator.showTab('Database');
  await expect(page.getByText('This database has no change log')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a server that is killed while the page saves loses no save that was acknowledged', async ({
  page,
  file,
  start,
}, testInfo) => {
  const tokenFile = testInfo.outputPath('token');
  const studio = await start('--write', '--token-file', tokenFile);
  const simulator = await open(page, studio);
  await expect(page.getByText('Writable')).toBeVisible();
  const saving = page.evaluate(async () => {
    const acknowledged: string[] = [];
    (globalThis as { acknowledged?: string[] }).acknowledged = acknowledged;
    for (let number = 0; ; number++) {
      try {
        await globalThis.ggenSim.persistence.saveReceipt({
          executionId: `e-${number}`,
          agentId: 'page',
          agentType: 'validation',
          receipt: '{}',
        });
        acknowledged.push(`e-${number}`);
      } catch (error) {
        return (error as { code: string }).code;
      }
    }
  });
  await page.waitForFunction(
    () => ((globalThis as { acknowledged?: string[] }).acknowledged?.length ?? 0) > 5,
  );
  await studio.kill('SIGKILL');
  expect(await saving).toBe('CONNECTION_LOST');
  await expect(page.getByText('The server has stopped.')).toBeVisible();
  const acknowledged = await page.evaluate(
    () => (globalThis as { acknowledged?: string[] }).acknowledged ?? [],
  );
  const stored = (await sqlite3(file, 'SELECT execution_id FROM receipts')).split('\n');
  expect(acknowledged.filter((execution) => !stored.includes(execution))).toEqual([]);
  expect(await sqlite3(file, 'PRAGMA integrity_check')).toBe('ok');

  await start('--write', '--token-file', tokenFile, '--port', String(studio.port));
  await expect(page.getByText('The server has stopped.')).toHaveCount(0);
  await expect(simulator.count('Receipts')).toHaveText(String(stored.length));
  expect(await saveInPage(page, 'after')).toBe('saved');
});

test('two tabs see each other, and a new token is told plainly', async ({ page, context, start }) => {
  const studio = await start('--write');
  const first = await open(page, studio);
  const second = await open(await context.newPage(), studio);
  expect(await saveInPage(first.page, 'from the first tab')).toBe('saved');
  await expect(second.count('Receipts')).toHaveText('1');
  await studio.kill('SIGTERM');
  await expect(first.page.getByText('The server has stopped.')).toBeVisible();
  await start('--port', String(studio.port));
  await expect(first.page.getByRole('heading', { name: 'The server refused this address' })).toBeVisible();
});

test('axe finds no problem in what the studio alone has, nor while its server is away', async ({
  page,
  file,
  start,
}) => {
  await save(file, 'first', 'alpha');
  const studio = await start();
  const simulator = await open(page, studio);
  await simulator.showTab('Database');
  await expect(page.getByRole('button', { name: 'Verify' })).toBeVisible();
  await findProblemsEverywhere(page);
  await studio.kill('SIGTERM');
  await expect(page.getByText('The server has stopped.')).toBeVisible();
  await findProblemsEverywhere(page);
});
