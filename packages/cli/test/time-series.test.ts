/** `db analytics` over time. Without --bucket and --by it is the report of the original scripts. */
import { expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

it('prints a series by group with the period before, and the original report without the options', async () => {
  await sandbox.db('log-audit', 'a', 'render', 'completed', '', '100');
  await sandbox.db('log-audit', 'a', 'read', 'failed', '', '7');
  await sandbox.db('save-receipt', 'exec-1', 'a', 't', '{}', 'error', '5');
  const words = ['analytics', '%', 'last-24-hours'];
  const report = JSON.parse(await sandbox.db(...words, '--bucket', 'hour', '--by', 'operation')) as {
    series: { group: string; total: object; before: object; steps: { count: number }[] }[];
  };
  expect(report).toMatchObject({ table: 'audit_log', bucket: 'hour', by: 'operation' });
  expect(report.series.map(({ group }) => group)).toEqual(['read', 'render']);
  const [read] = report.series;
  expect(read?.total).toMatchObject({ count: 1, failed: 1, error_share: 1 });
  expect(read?.before).toMatchObject({ count: 0, error_share: null, p99_duration_ms: null });
  expect(read?.steps.length).toBeGreaterThanOrEqual(24);
  expect(read?.steps.reduce((sum, { count }) => sum + count, 0)).toBe(1);
  const receipts = JSON.parse(await sandbox.db(...words, '--by', 'status', '--table', 'receipts')) as object;
  expect(receipts).toMatchObject({ bucket: null, series: [{ group: 'error', steps: [] }] });
  const table = await sandbox.db(...words, '--by', 'agent', '--bucket', 'day', '--format', 'table');
  expect(table).toMatch(/totals:[^]*before[^]*steps:/u);
  expect(Object.keys(JSON.parse(await sandbox.db(...words)) as object)).toEqual([
    'period',
    'generated_at',
    'agent_metrics',
    'receipt_statistics',
  ]);
});

it.each([
  [['--since', '2h']],
  [['--table', 'receipts']],
  [['--bucket', 'week']],
  [['--by', 'agent', '--since', 'x']],
])('refuses %j', async (words) => {
  expect(await sandbox.run(['db', 'analytics', ...words])).toMatchObject({ exitCode: 64, stdout: '' });
});
