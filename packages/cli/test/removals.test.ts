/** Deletions, redactions and holds on the command line. */
import { expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

it('deletes, redacts and holds single records, with reasons', async () => {
  const save = async (id: string): Promise<string> =>
    (await sandbox.db('save-receipt', id, 'agent', 'validation', '{"secret":1}')).trim();
  const [one, other, held] = [await save('a'), await save('b'), await save('c')];
  const hold = JSON.parse(await sandbox.db('hold', 'add', 'receipt', held, '--reason', 'case 7')) as object;
  expect(hold).toMatchObject({ table: 'receipts', id: held, reason: 'case 7' });
  expect(JSON.parse(await sandbox.db('hold', 'list'))).toEqual([hold]);
  const refused = await sandbox.run(['db', 'delete', 'receipt', held, '--reason', 'r']);
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^error\[HELD\]: The receipt .* is held\. .*'ggen-sim db hold remove'/);

  const deleted = JSON.parse(
    await sandbox.db('delete', 'receipt', one, '--reason', 'asked', '--vacuum'),
  ) as object;
  expect(deleted).toEqual({ table: 'receipts', id: one, reason: 'asked', seq: 5, versions_redacted: 0 });
  expect(JSON.parse(await sandbox.db('redact', 'receipt', other, '--reason', 'asked'))).toMatchObject({
    seq: 6,
    values_redacted: 1,
  });
  expect(await sandbox.db('get-receipt', other)).toMatch(/^\{"redacted":\{"sha256":"/);
  const again = await sandbox.run(['db', 'redact', 'receipt', other, '--reason', 'asked']);
  expect(again).toMatchObject({ exitCode: 0, stderr: 'Nothing was left to redact\n' });
  const events = (await sandbox.db('tail', '--after', '4')).trim().split('\n');
  expect(events.map((line) => JSON.parse(line) as object)).toMatchObject([
    { subject: one, data: { kind: 'rows.deleted', details: { reason: 'asked', cause: 'request' } } },
    { subject: other, data: { kind: 'rows.redacted', details: { reason: 'asked', ids: [other] } } },
  ]);
  expect(JSON.parse(await sandbox.db('verify'))).toMatchObject({ ok: true, receipts_redacted: 1 });
  expect(await sandbox.db('hold', 'remove', 'receipt', held)).toBe('');
  expect(JSON.parse(await sandbox.db('delete', 'receipt', held, '--reason', 'r'))).toMatchObject({ seq: 8 });
});

it('says that nothing shows a deletion without a change log', async () => {
  const database = ['--db', 'plain.db'];
  await sandbox.run(['start', '--no-change-log', ...database]);
  await sandbox.db('save-memory', 'agent', 'validation', '{"v":1}', ...database);
  const { stdout, stderr } = await sandbox.run([
    'db',
    'delete',
    'memory',
    'agent',
    '--reason',
    'r',
    ...database,
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ seq: null });
  expect(stderr).toContain('The database has no change log, so nothing will show this');
});

it.each([
  [['delete', 'receipt', 'a']],
  [['delete', 'receipt', '--reason', 'r']],
  [['redact', 'receipts', 'a', '--reason', 'r']],
  [['delete', 'receipt', 'a', '--reason', ' ']],
  [['hold', 'add', 'receipt', 'a']],
  [['hold', 'add', '--reason', 'r']],
  [['hold', 'list', 'receipt']],
])('refuses db %j', async (words) => {
  await sandbox.db('init');
  expect(await sandbox.run(['db', ...words])).toMatchObject({ exitCode: 64, stdout: '' });
});
