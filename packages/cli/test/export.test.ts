/** `db export`: every table to a file or standard output. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

beforeAll(async () => {
  await sandbox.db('save-receipt', 'exec-1', 'a', 't', '{"n":1}');
  await sandbox.db('save-receipt', 'exec-2', 'a', 't', '{"n":2}', 'error');
  await sandbox.db('save-memory', 'a', 't', '{"active":true}');
  await sandbox.db('log-audit', 'a', 'render', 'failed');
});

it('writes NDJSON by default, filtered, to standard output or a file', async () => {
  const text = await sandbox.db('export', 'receipts', 'ndjson', '-', '--status', 'error', '--raw');
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([{ execution_id: 'exec-2', receipt_json: { n: 2 } }]);
  const report = JSON.parse(await sandbox.db('export', 'memory', 'json', 'm.json.gz', '--gzip')) as object;
  expect(report).toMatchObject({ rows: 1 });
  const bytes = readFileSync(join(sandbox.directory, 'm.json.gz'));
  expect(JSON.parse(String(gunzipSync(bytes)))).toMatchObject([{ memory_json: '{"active":true}' }]);
  expect(await sandbox.db('export', 'audit', 'csv', '-', '--no-header')).toMatch(
    /,a,render,,failed,0,,\r\n$/u,
  );
});

it.each([
  [['receipts', '--operation', 'o'], 64],
  [['memory', '--days', '3'], 64],
  [['audit', 'csv', '-', '--raw'], 64],
  [['everything'], 64],
  [['receipts', 'json', '-', '--where', '$'.repeat(2)], 64],
])('refuses %j', async (words, exitCode) => {
  expect(await sandbox.run(['db', 'export', ...words])).toMatchObject({ exitCode, stdout: '' });
});
