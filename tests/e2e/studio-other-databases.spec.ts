/** `ggen-sim studio` over databases that other programs keep: in WAL mode, and with tables of their own. */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { test as base, expect, type Page } from '@playwright/test';
import { findProblemsEverywhere } from './support/axe.ts';
import { ggenSim, sqlite3 } from './support/native-tools.ts';
import { SimulatorPage } from './support/simulator-page.ts';
import { startStudio, type Studio } from './support/studio.ts';

const run = promisify(execFile);

/** Native SQLite as a process that has a database open. */
class NativeWriter {
  readonly process: ChildProcessWithoutNullStreams;
  #output = '';

  constructor(file: string) {
    this.process = spawn('sqlite3', ['-batch', file]);
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /** Runs statements, and waits until they have ended. */
  async run(sql: string): Promise<void> {
    this.#output = '';
    this.process.stdin.write(`${sql};\n.print done\n`);
    while (!this.#output.includes('done')) await once(this.process.stdout, 'data');
  }
}

const test = base.extend<{
  folder: string;
  start: (file: string, ...options: string[]) => Promise<Studio>;
  writer: (file: string) => NativeWriter;
}>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of other fixtures from it
  folder: async ({}, use, testInfo) => use(testInfo.outputPath()),
  // oxlint-disable-next-line no-empty-pattern -- as above
  start: async ({}, use) => {
    const started: Studio[] = [];
    await use(async (...given) => {
      const studio = await startStudio(...given);
      started.push(studio);
      return studio;
    });
    for (const studio of started) await studio.kill('SIGTERM');
  },
  // oxlint-disable-next-line no-empty-pattern -- as above
  writer: async ({}, use) => {
    const writers: NativeWriter[] = [];
    await use((file) => {
      const writer = new NativeWriter(file);
      writers.push(writer);
      return writer;
    });
    for (const { process } of writers) process.kill('SIGKILL');
  },
});

async function open(page: Page, { url }: Studio): Promise<SimulatorPage> {
  await page.goto(url);
  await expect(page.getByText('on this computer').first()).toBeVisible();
  return new SimulatorPage(page);
}

const bytesOf = (file: string): Record<string, Buffer> =>
  Object.fromEntries(
    readdirSync(path.dirname(file))
      .filter((name) => name.startsWith(path.basename(file)))
      .map((name) => [name, readFileSync(path.join(path.dirname(file), name))]),
  );

test('shows a database in WAL mode with what another process commits to its log, and changes nothing of it', async ({
  page,
  folder,
  start,
  writer,
}) => {
  const file = path.join(folder, 'ggen.db');
  await ggenSim('db', 'save-receipt', 'first', 'alpha', 'validation', '{}', '--db', file, '--create');
  const other = writer(file);
  await other.run('PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0');
  const insert = (id: string): string =>
    `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
     VALUES ('${id}', '${id}', 'agent-${id}', 'validation', '{}', 'success')`;
  await other.run(insert('logged'));
  const { mode } = statSync(file);
  const before = bytesOf(file);
  expect(Object.keys(before)).toContain('ggen.db-wal');

  const simulator = await open(page, await start(file));
  await simulator.showTab('Receipts');
  await expect(page.getByText('Read only')).toBeVisible();
  await expect(simulator.count('Receipts')).toHaveText('2');
  await expect(simulator.table).toContainText('agent-logged');
  expect(bytesOf(file)).toEqual(before);

  await other.run(insert('live'));
  await expect(simulator.table).toContainText('agent-live');
  await other.run(`PRAGMA wal_checkpoint(TRUNCATE); ${insert('after')}`);
  await expect(simulator.table).toContainText('agent-after');
  await expect(simulator.count('Receipts')).toHaveText('4');
  const left = bytesOf(file);
  await simulator.showTab('Database');
  await expect(page.getByText('write-ahead log of another program; what is in it is shown')).toBeVisible();
  await page.getByRole('button', { name: 'Verify' }).click();
  // The rows of the other program have receipt ids of its own.
  await expect(page.getByRole('alert')).toContainText('VERIFY');
  await findProblemsEverywhere(page);
  expect(bytesOf(file)).toEqual(left);
  expect(statSync(file).mode).toBe(mode);
});

test('with --write a database in WAL mode is refused, with the way out', async ({ folder, writer }) => {
  const file = path.join(folder, 'ggen.db');
  await ggenSim('db', 'init', '--db', file);
  await writer(file).run('PRAGMA journal_mode=WAL');
  const before = bytesOf(file);
  const program = path.resolve(import.meta.dirname, '../../packages/cli/dist/ggen-sim.cjs');
  const failure = (await run(process.execPath, [program, 'studio', file, '--write']).then(
    () => undefined,
    (error: unknown) => error,
  )) as { readonly code: number; readonly stderr: string };
  expect(failure.code).toBe(1);
  expect(failure.stderr).toContain('WAL_MODE');
  expect(failure.stderr).toContain('Leave out --write to look at it as it is.');
  expect(bytesOf(file)).toEqual(before);
});

test('shows what a killed process has left in the log', async ({ page, folder, start, writer }) => {
  const file = path.join(folder, 'other.db');
  const other = writer(file);
  await other.run(
    "PRAGMA journal_mode=WAL; CREATE TABLE notes(text); INSERT INTO notes VALUES ('committed')",
  );
  await other.run("BEGIN; INSERT INTO notes VALUES ('never committed')");
  const ended = once(other.process, 'exit');
  other.process.kill('SIGKILL');
  await ended;
  const before = bytesOf(file);
  await open(page, await start(file));
  await page.goto(
    `${page.url().replace(/#.*/, '')}#/sql?sql=${encodeURIComponent('SELECT text FROM notes')}`,
  );
  await expect(page.getByRole('gridcell', { name: 'committed' })).toHaveCount(1);
  expect(bytesOf(file)).toEqual(before);
  expect(await sqlite3(file, 'SELECT text FROM notes')).toBe('committed');
});

test('a database without the tables of ggen-sim can be queried, and each other view says what it lacks', async ({
  page,
  folder,
  start,
}) => {
  const file = path.join(folder, 'other.db');
  await sqlite3(
    file,
    `CREATE TABLE "odd ""name"(text); INSERT INTO "odd ""name" VALUES ('kept'); CREATE TABLE receipts(id, total)`,
  );
  const before = bytesOf(file);
  const simulator = await open(page, await start(file));
  for (const [view, reasons] of [
    ['Overview', ['The table receipts has no column', 'The table agent_memory is missing']],
    ['Receipts', ['The table receipts has no column']],
    ['Memory', ['The table agent_memory is missing.']],
    ['Audit trail', ['The table audit_log is missing.']],
  ] as const) {
    await simulator.showTab(view);
    for (const reason of reasons) await expect(page.getByText(reason)).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
  }
  await findProblemsEverywhere(page);
  await simulator.showTab('SQL');
  await page.getByRole('button', { name: 'Rows of odd "name' }).click();
  await expect(page.getByRole('gridcell', { name: 'kept' })).toBeVisible();
  await simulator.showTab('Database');
  await expect(page.getByText('odd "name', { exact: true })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await findProblemsEverywhere(page);
  expect(bytesOf(file)).toEqual(before);
});
