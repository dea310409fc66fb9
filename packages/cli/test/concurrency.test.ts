/** Many processes at once on one file. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Sandbox, parseRows } from './run-cli.ts';

it('keeps fifty receipts that fifty processes save at once', async () => {
  const sandbox = new Sandbox();
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      await sandbox.db('save-receipt', `exec-${index}`, 'agent', 'validation', `{"n":${index}}`);
    }),
  );
  const rows = parseRows(await sandbox.db('query-receipts', '%', 'json', '1000'));
  expect(new Set(rows.map((row) => row['execution_id'])).size).toBe(50);
  const check = 'PRAGMA integrity_check; SELECT count(*) FROM receipts';
  expect(execFileSync('sqlite3', [sandbox.databasePath, check], { encoding: 'utf8' })).toBe('ok\n50\n');
});

it('counts twenty versions of a memory that twenty processes save at once', async () => {
  const sandbox = new Sandbox();
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) =>
      sandbox.db('save-memory', 'agent', 'validation', `{"n":${index}}`, '--format=json'),
    ),
  );
  const versions = answers.map((answer) => (JSON.parse(answer) as { version: number }).version);
  expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(parseRows(await sandbox.db('query-memory'))).toMatchObject([{ agent_id: 'agent', version: 20 }]);
});
