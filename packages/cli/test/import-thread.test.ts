/** A long input is read in a thread beside that which stores its rows. What is stored and reported is that of one thread. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { Sandbox, type Finished } from './run-cli.ts';

const sandbox = new Sandbox();
const path = (name: string): string => join(sandbox.directory, name);

/** Tells of each thread on stderr. */
const WATCH = `process.on('worker', () => process.stderr.write('[thread]'));`;

/** Refuses each thread, as Node does where a program has no right to start one. */
const REFUSE = `process.getBuiltinModule('node:worker_threads').Worker = class { constructor() { throw new Error('refused'); } };`;

/** Acts when the thread has sent rows several times. */
const afterRows = (act: string): string => `process.on('worker', (worker) => {
  let messages = 0;
  worker.on('message', () => { if (++messages === 6) { ${act} } });
});`;

const ROWS = 12_000;

beforeAll(() => {
  const row = (index: number, more: object = {}): string =>
    JSON.stringify({
      execution_id: `run-${index}`,
      agent_id: index % 7 === 0 ? 'ä€😀' : 'a',
      agent_type: 't',
      receipt_json: JSON.stringify({ text: 'x'.repeat(600), line: `1\n${index}` }),
      status: 'success',
      created_at: '2026-01-29 08:00:00',
      updated_at: '2026-01-29 08:00:00',
      ...more,
    });
  const lines = Array.from({ length: ROWS }, (_, index) => row(index));
  writeFileSync(path('sound.ndjson'), lines.join('\n'));
  writeFileSync(path('cut.ndjson.gz'), gzipSync(lines.join('\n')).subarray(0, -9));
  const damaged = [...lines];
  damaged[20] = row(20, { agent_id: { text: { base64: '/2E=' } } });
  damaged[5000] = row(5000, { agent_id: { text: { base64: '/2E=' } }, duration_ms: { base64: '/2E=' } });
  damaged[6000] = row(6000).replace('"agent_type"', '"duration_ms":9007199254740993,"agent_type"');
  damaged[6500] = row(6500).replace('"agent_id":"a"', '"agent_id":9007199254740993');
  damaged[7000] = 'no row';
  damaged[8000] = row(7999);
  damaged[9000] = row(9000, { colour: 'red' });
  damaged[10_000] = row(10_000, { receipt_json: '{' });
  writeFileSync(path('damaged.ndjson'), damaged.join('\r\n'));
});

async function importRows(
  file: string,
  database: string,
  hook: string,
  ...words: string[]
): Promise<Finished> {
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(hook)}`;
  return sandbox.runProcess(['db', 'import', 'receipts', path(file), '--db', path(database), ...words], {
    environment: { NODE_OPTIONS },
  });
}

const rowsOf = (database: string, format: string): Promise<string> =>
  sandbox.db('export', 'receipts', format, '-', '--oldest-first', '--db', path(database));

it.each([
  ['sound.ndjson', []],
  ['damaged.ndjson', []],
  ['damaged.ndjson', ['--accept-invalid', '--if-absent']],
])('a thread reads %s %s, and all is as without one', async (file, words) => {
  const name = `${file}-${words.length}`;
  const inThread = await importRows(file, `${name}.db`, WATCH, ...words);
  expect(inThread.stderr.match(/\[thread\]/g)).toHaveLength(1);
  const inPlace = await importRows(file, `${name}-in-place.db`, REFUSE, ...words);
  expect({ ...inThread, stderr: inThread.stderr.replace('[thread]', '') }).toEqual(inPlace);
  expect(await rowsOf(`${name}.db`, 'ndjson')).toBe(await rowsOf(`${name}-in-place.db`, 'ndjson'));
  // The hashes that the thread computed are those of the rows.
  const verified = await sandbox.run(['db', 'verify', '--db', path(`${name}.db`)]);
  const { history, problems } = JSON.parse(verified.stdout) as {
    history: { rows_verified: number };
    problems: { check: string }[];
  };
  expect(history.rows_verified).toBe((JSON.parse(inThread.stdout) as { rows: number }).rows);
  expect(problems.filter(({ check }) => check === 'history')).toEqual([]);
});

it('a thread reads records of CSV that have line breaks, over the ends of its pieces', async () => {
  writeFileSync(path('rows.csv'), await rowsOf('sound.ndjson-0.db', 'csv'));
  const { stdout, stderr } = await importRows('rows.csv', 'csv.db', WATCH);
  expect(stderr).toContain('[thread]');
  expect(JSON.parse(stdout)).toMatchObject({ rows: ROWS, refused: 0 });
  expect(await rowsOf('csv.db', 'csv')).toBe(readFileSync(path('rows.csv'), 'utf8'));
});

/** Checks that whole batches are stored, and that the same import goes on after them. */
async function expectToGoOn(database: string): Promise<number> {
  const stored = Number(execFileSync('sqlite3', [path(database), 'SELECT count(*) FROM receipts']));
  expect(stored % 2000).toBe(0);
  const again = await importRows('sound.ndjson', database, '', '--if-absent');
  expect(JSON.parse(again.stdout)).toMatchObject({ rows: ROWS - stored, already_stored: stored, refused: 0 });
  return stored;
}

it('a thread that ends early is an error after whole batches, and the import goes on', async () => {
  const { exitCode, stderr } = await importRows('sound.ndjson', 'gone.db', afterRows('worker.terminate()'));
  expect(stderr).toMatch(/^error\[WORKER_GONE\]: A thread that reads the input has ended/);
  expect(exitCode).toBe(1);
  await expectToGoOn('gone.db');
});

it.each(['SIGINT', 'SIGKILL'])(
  '%s while a thread reads leaves whole batches, and the import goes on',
  async (signal) => {
    const { exitCode } = await importRows(
      'sound.ndjson',
      `${signal}.db`,
      afterRows(`process.kill(process.pid, '${signal}')`),
    );
    expect(exitCode).toBe(signal === 'SIGINT' ? 130 : null);
    await expectToGoOn(`${signal}.db`);
  },
);

it('an input that ends amid gzip is an error after the batches before, which are told', async () => {
  const { exitCode, stderr } = await importRows('cut.ndjson.gz', 'cut.db', WATCH);
  expect(stderr).toMatch(/error\[IO_ERROR\]: Cannot read the input.* 10000 rows are imported/s);
  expect(exitCode).toBe(1);
  expect(await expectToGoOn('cut.db')).toBe(10_000);
});
