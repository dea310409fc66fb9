/** The check of a large database runs in threads, each over the same copy. Its answer is that of one thread. */
import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Sandbox, type Finished } from './run-cli.ts';

const sandbox = new Sandbox();
const path = (name: string): string => join(sandbox.directory, name);

/** Tells of each thread on stderr. */
const WATCH = `process.on('worker', () => process.stderr.write('[thread]'));`;

/** Ends each thread as soon as it starts. */
const KILL_AT_START = `process.on('worker', (worker) => void worker.terminate());`;

/** Ends each thread when it has opened the copy. */
const KILL_WHEN_OPEN = `process.on('worker', (worker) => worker.once('message', () => worker.terminate()));`;

/** Sends this process Ctrl-C when a thread has opened the copy. */
const INTERRUPT = `process.on('worker', (worker) => worker.once('message', () => process.kill(process.pid, 'SIGINT')));`;

beforeAll(async () => {
  await sandbox.run(['start', '--db', 'sound.db']);
  const rows = Array.from({ length: 50 }, (_, index) =>
    JSON.stringify({
      execution_id: `run-${index}`,
      agent_id: 'a',
      agent_type: 't',
      receipt_json: JSON.stringify({ text: 'x'.repeat(1_500_000) }),
    }),
  );
  writeFileSync(path('receipts.ndjson'), rows.join('\n'));
  await sandbox.db('import', 'receipts', 'receipts.ndjson', '--db', 'sound.db');
});

function copyOf(name: string, sql: string = ''): string {
  copyFileSync(path('sound.db'), path(name));
  if (sql !== '') execFileSync('sqlite3', [path(name), sql]);
  return name;
}

async function verify(database: string, hook: string): Promise<Finished> {
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(hook)}`;
  return sandbox.runProcess(['db', 'verify', '--db', database], { environment: { NODE_OPTIONS } });
}

it('each part of the check has a thread of its own, and the report is that of one thread', async () => {
  // Larger than what is checked in place.
  expect(statSync(path('sound.db')).size).toBeGreaterThan(64 * 1024 * 1024);
  const edited = copyOf(
    'edited.db',
    `UPDATE receipts SET status = 'perhaps' WHERE rowid = 7; DELETE FROM receipts WHERE rowid = 9;
      UPDATE receipts SET receipt_json = '{}' WHERE rowid = 11; DROP INDEX idx_receipts_status;`,
  );
  const inThreads = await verify(edited, WATCH);
  expect(inThreads.stderr.match(/\[thread\]/g)).toHaveLength(3);
  expect(inThreads.exitCode).toBe(1);
  const { problems } = JSON.parse(inThreads.stdout) as { problems: { check: string; row: string | null }[] };
  expect(problems.map(({ check, row }) => `${check} ${row}`)).toEqual([
    'index null',
    'receipt receipts 7',
    'receipt receipts 11',
    'history receipts 7',
    'history receipts 9',
    'history receipts 11',
  ]);
  // A program whose files were bundled into one has no file for a thread.
  const inPlace = await verify(edited, KILL_AT_START);
  expect(inPlace.stdout).toBe(inThreads.stdout);
  expect(inPlace.exitCode).toBe(1);
});

it('a damaged page that several parts meet is one problem', async () => {
  const damaged = copyOf('damaged.db');
  const [rootPage] = execFileSync(
    'sqlite3',
    [path(damaged), "SELECT rootpage FROM sqlite_schema WHERE name = 'receipts'; PRAGMA page_size"],
    { encoding: 'utf8' },
  )
    .split('\n')
    .map(Number);
  const file = openSync(path(damaged), 'r+');
  writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, ((rootPage ?? 1) - 1) * 4096);
  closeSync(file);
  const { exitCode, stdout, stderr } = await verify(damaged, WATCH);
  expect(stderr.match(/\[thread\]/g)).toHaveLength(3);
  expect(exitCode).toBe(1);
  const { problems } = JSON.parse(stdout) as { problems: { check: string; message: string }[] };
  const failures = problems.filter(({ message }) => message.includes('malformed'));
  expect(failures).toHaveLength(1);
});

it('a thread that ends early is an error, not a report', async () => {
  const { exitCode, stdout, stderr } = await verify('sound.db', KILL_WHEN_OPEN);
  expect(stderr).toMatch(/^error\[WORKER_GONE\]: A thread that checks the database has ended/);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
});

it('Ctrl-C ends the threads', async () => {
  const { exitCode, stdout } = await verify('sound.db', INTERRUPT);
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
});
