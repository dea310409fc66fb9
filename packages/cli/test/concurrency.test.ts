/** Many processes at once on one file. Core's `queue/processes.test.ts` has fifty of them. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Sandbox, parseRows } from './run-cli.ts';

it('keeps sixteen receipts that sixteen processes save at once', async () => {
  const sandbox = new Sandbox();
  await Promise.all(
    Array.from({ length: 16 }, async (_, index) => {
      await sandbox.dbProcess('save-receipt', `exec-${index}`, 'agent', 'validation', `{"n":${index}}`);
    }),
  );
  const rows = parseRows(await sandbox.db('query-receipts', '%', 'json', '1000'));
  expect(new Set(rows.map((row) => row['execution_id'])).size).toBe(16);
  const check = 'PRAGMA integrity_check; SELECT count(*) FROM receipts';
  expect(execFileSync('sqlite3', [sandbox.databasePath, check], { encoding: 'utf8' })).toBe('ok\n16\n');
});

it('counts eight versions of a memory that eight processes save at once', async () => {
  const sandbox = new Sandbox();
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, index) =>
      sandbox.dbProcess('save-memory', 'agent', 'validation', `{"n":${index}}`, '--format=json'),
    ),
  );
  const versions = answers.map((answer) => (JSON.parse(answer) as { version: number }).version);
  expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 8 }, (_, index) => index + 1));
  expect(parseRows(await sandbox.db('query-memory'))).toMatchObject([{ agent_id: 'agent', version: 8 }]);
});
