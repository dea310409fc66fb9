/** Deletions, redactions, holds, retention and attestations on the command line. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

it('keeps what policies say, and shows before what would go', async () => {
  const database = ['--db', 'policies.db', '--create'];
  for (const n of [1, 2, 3]) await sandbox.db('log-audit', 'agent', `op-${n}`, 'completed', ...database);
  const set = ['set', 'trail', '--of', 'audit', '--status', 'completed', '--count', '1', ...database];
  const policy = { name: 'trail', table: 'audit_log', status: ['completed'], max_count: 1 };
  expect(JSON.parse(await sandbox.db('retention', ...set))).toEqual(policy);
  expect(JSON.parse(await sandbox.db('retention', 'list', ...database))).toEqual([policy]);
  const policies = [{ name: 'trail', table: 'audit_log', rows_deleted: 2, rows_held: 0 }];
  const dry = JSON.parse(await sandbox.db('retention', 'run', '--dry-run', ...database)) as object;
  expect(dry).toMatchObject({ dry_run: true, policies });
  expect(JSON.parse(await sandbox.db('retention', 'run', ...database))).toMatchObject({
    dry_run: false,
    policies,
  });
  expect(JSON.parse(await sandbox.db('query-audit-trail', ...database))).toMatchObject([
    { operation: 'op-3' },
  ]);
  expect(await sandbox.db('retention', 'remove', 'trail', ...database)).toBe('');
  expect((await sandbox.run(['db', 'retention', 'remove', 'trail', ...database])).stderr).toContain(
    'NOT_FOUND',
  );
});

it('attests a receipt, and verifies that without the database and against it', async () => {
  const database = ['--db', 'attested.db'];
  const id = (
    await sandbox.db('save-receipt', 'x', 'agent', 'validation', '{"n":1}', ...database, '--create')
  ).trim();
  const file = join(sandbox.directory, 'attestation.json');
  const key = join(sandbox.directory, 'attest.key');
  const { stdout, stderr } = await sandbox.run(['db', 'attest', id, '--key', key, ...database]);
  expect(stderr).toContain('Created the private key');
  writeFileSync(file, stdout);
  const verify = (...words: string[]): ReturnType<Sandbox['run']> =>
    sandbox.run(['db', 'verify-attestation', file, '--key', `${key}.pub`, ...words]);
  const report = { verified: true, receipt_id: id, signer: 'ggen-sim.dev/attestations' };
  expect(JSON.parse((await verify()).stdout)).toMatchObject({ ...report, database: 'not compared' });
  expect(JSON.parse((await verify(...database)).stdout)).toMatchObject({ ...report, database: 'same' });
  await sandbox.db('redact', 'receipt', id, '--reason', 'r', ...database);
  expect(JSON.parse((await verify(...database)).stdout)).toMatchObject({ database: 'redacted' });
  expect((await sandbox.run(['db', 'attest', id, '--key', key, ...database])).stderr).toContain(
    'was redacted',
  );
  await sandbox.db('delete', 'receipt', id, '--reason', 'r', ...database);
  expect(await verify(...database)).toMatchObject({ exitCode: 1, stdout: '' });
  writeFileSync(file, stdout.replace('"payload":"eyJ', '"payload":"eyK'));
  expect(await verify()).toMatchObject({ exitCode: 1, stdout: '' });
  expect((await verify()).stderr).toContain('error[PROOF_INVALID]');
});

it.each([
  [['retention', 'set', 'a']],
  [['retention', 'set', 'a', '--of', 'receipts']],
  [['retention', 'set', '--of', 'receipts', '--count', '1']],
  [['retention', 'set', 'a b', '--of', 'receipts', '--count', '1']],
  [['retention', 'set', 'a', '--of', 'memory', '--count', '1']],
  [['retention', 'run', 'a']],
  [['retention', 'run', '--dry-run', '--vacuum']],
])('refuses db %j', async (words) => {
  await sandbox.db('init');
  expect(await sandbox.run(['db', ...words])).toMatchObject({ exitCode: 64, stdout: '' });
});
