/** Filters, counts, cursors and stored JSON as JSON. */
import { beforeAll, expect, it } from 'vitest';
import { Sandbox, parseRows } from './run-cli.ts';

const sandbox = new Sandbox();
const executions = async (...words: string[]): Promise<unknown[]> =>
  parseRows(await sandbox.db('query-receipts', ...words)).map((row) => row['execution_id']);

beforeAll(async () => {
  for (const n of [1, 2, 3]) {
    const status = n === 3 ? 'error' : 'success';
    const json = `{\n  "files_generated": ${n * 10}, "big": 9007199254740993\n}`;
    await sandbox.db('save-receipt', `exec-${n}`, 'validator-1', 'validation', json, status, String(n % 3));
  }
  await sandbox.db('save-memory', 'validator-1', 'validation', '{"active":true}');
  await sandbox.db('log-audit', 'validator-1', 'render', 'failed', 'rendering', '5', 'to a file', 'no room');
});

it('selects by status, execution, period, text and JSON', async () => {
  expect(await executions('--status', 'error')).toEqual(['exec-3']);
  expect(await executions('--status', 'error', '--status', 'success', '--execution', 'exec-2')).toEqual([
    'exec-2',
  ]);
  expect(await executions('--where', '$.files_generated>10', '--where', '$.files_generated < 30')).toEqual([
    'exec-2',
  ]);
  expect(await executions('--text', 'Files_generated": 10')).toEqual(['exec-1']);
  expect(await executions('--since', '1h', '--agent-type', 'valid*')).toHaveLength(3);
  expect(await executions('--until', '2000-01-01')).toEqual([]);
  expect(await executions('--order', 'longest-first')).toEqual(['exec-2', 'exec-1', 'exec-3']);
  const audit = await sandbox.db(
    'query-audit-trail',
    '--operation',
    'ren*',
    '--since',
    '1h',
    '--text',
    'no room',
  );
  expect(parseRows(audit)).toHaveLength(1);
});

it('counts without the limit', async () => {
  expect(await sandbox.db('query-receipts', '%', 'json', '1', '--count')).toBe('3\n');
  expect(await sandbox.db('query-memory', '--where', '$.active = true', '--count')).toBe('1\n');
  expect(await sandbox.db('query-audit-trail', '--status', 'completed', '--count')).toBe('0\n');
});

it('continues after a cursor', async () => {
  const read: unknown[] = [];
  let after: readonly string[] = [];
  do {
    const text = await sandbox.db('query-receipts', '--limit', '2', '--with-cursor', ...after);
    const page = JSON.parse(text) as { rows: { execution_id: string }[]; next_cursor: string | null };
    read.push(...page.rows.map((row) => row.execution_id));
    after = page.next_cursor === null ? [] : ['--after', page.next_cursor];
  } while (after.length > 0);
  expect(read).toEqual(['exec-3', 'exec-2', 'exec-1']);
});

it('--raw embeds the stored JSON, digit for digit, and keeps a line of NDJSON a line', async () => {
  const json = await sandbox.db('query-receipts', '--execution', 'exec-1', '--raw');
  expect(json).toContain('"receipt_json":{\n  "files_generated": 10, "big": 9007199254740993\n}');
  const lines = (await sandbox.db('query-receipts', '--format', 'ndjson', '--raw')).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ receipt_json: { files_generated: 10 } });
});

it.each([
  [['--where', '$.a ='], 64, /where/],
  [['--where', 'files > 1'], 64, /where/],
  [['--since', 'yesterday'], 64, /since/],
  [['--raw', '--format', 'csv'], 64, /--raw needs/],
  [['--with-cursor', '--format', 'ndjson'], 64, /--with-cursor needs/],
  [['--count', '--after', 'x'], 64, /exclude/],
  [['--order', 'newest-first', '--oldest-first'], 64, /exclude/],
  [['--after', 'nonsense'], 64, /after/],
])('refuses %j', async (words, exitCode, message) => {
  const result = await sandbox.run(['db', 'query-receipts', ...words]);
  expect(result).toMatchObject({ exitCode, stdout: '' });
  expect(result.stderr).toMatch(message);
});

it('refuses days beside --since', async () => {
  const result = await sandbox.run(['db', 'query-audit-trail', '%', '3', '--since', '2h']);
  expect(result).toMatchObject({ exitCode: 64, stdout: '' });
});
