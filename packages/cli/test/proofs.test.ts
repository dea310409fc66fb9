/** Checkpoints and proofs on the command line: made from a database, verified without one. */
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nativeSqlite } from '../../../tests/support/native-sqlite.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (name: string): string => join(sandbox.directory, name);
const database = (): string => at('workspace/.ggen/ggen.db');

it('signs, keeps, proves and verifies, and notices what was cut off', async () => {
  const receiptId = (await sandbox.db('save-receipt', 'a', 'agent', 'validation', '{"n":1}')).trim();
  await sandbox.db('save-memory', 'agent', 'validation', '{"v":1}');
  await sandbox.db('log-audit', 'agent', 'op', 'completed');

  const key = at('ggen.key');
  const first = await sandbox.run(['db', 'checkpoint', '--key', key]);
  expect(first.stderr).toContain('Created the private key');
  expect(first.stdout).toMatch(/^ggen-sim\.dev\/\S+\n3\n\S+=\n\n— ggen-sim\.dev\/\S+ \S+\n$/u);
  writeFileSync(at('first.txt'), first.stdout);
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(readFileSync(`${key}.pub`, 'utf8')).not.toContain('PRIVATE');

  await sandbox.db('save-receipt', 'b', 'agent', 'validation', '{"n":2}');
  const second = await sandbox.run(['db', 'checkpoint', '--key', key]);
  expect(second.stderr).toBe('');
  writeFileSync(at('second.txt'), second.stdout);
  expect(await sandbox.db('checkpoint')).toBe(second.stdout.slice(0, second.stdout.indexOf('\n\n') + 1));

  const proofs = [
    ['receipt', receiptId],
    ['memory', 'agent'],
    ['entry', '4'],
    ['consistency', at('first.txt')],
  ];
  for (const [index, words] of proofs.entries()) {
    writeFileSync(
      at(`proof-${index}.json`),
      await sandbox.db('prove', ...words, '--checkpoint', at('second.txt')),
    );
  }
  const checkpoints = ['--checkpoint', at('first.txt'), '--checkpoint', at('second.txt')];
  const verified = JSON.parse(await sandbox.db('verify', ...checkpoints, '--key', `${key}.pub`)) as unknown;
  expect(verified).toMatchObject({ ok: true, history: { entries: 4, rows_verified: 4 } });

  nativeSqlite(database(), 'DELETE FROM _change_log WHERE seq = 4', 'DELETE FROM receipts WHERE rowid = 2');
  expect(JSON.parse(await sandbox.db('verify'))).toMatchObject({ ok: true });
  const cut = await sandbox.run(['db', 'verify', ...checkpoints]);
  expect(cut.exitCode).toBe(1);
  expect(cut.stderr).toContain('the last 1 entries of the checkpoint of 4 entries are cut off');

  // Proofs are verified without the database.
  renameSync(database(), at('elsewhere.db'));
  for (const index of proofs.keys()) {
    const answer = await sandbox.db('verify-proof', at(`proof-${index}.json`), '--key', `${key}.pub`);
    expect(JSON.parse(answer)).toMatchObject({ verified: true, size: 4 });
    // The number of the entry is not verified, so it is not shown.
    expect(answer).not.toContain('"seq"');
  }
  // Who kept the checkpoint needs no key. Of a proof of consistency, either of the two may be the one that was kept.
  const kept = [
    ['proof-0.json', 'second.txt'],
    ['proof-3.json', 'first.txt'],
    ['proof-3.json', 'second.txt'],
  ] as const;
  for (const [file, checkpoint] of kept) {
    const answer = await sandbox.db('verify-proof', at(file), '--checkpoint', at(checkpoint));
    expect(JSON.parse(answer)).toMatchObject({ verified: true, size: 4 });
  }
  const another = ['db', 'verify-proof', at('proof-0.json'), '--checkpoint', at('first.txt')];
  expect((await sandbox.run(another)).stderr).toContain('error[PROOF_INVALID]');
  expect(await sandbox.run(['db', 'verify-proof', at('proof-0.json')])).toMatchObject({
    exitCode: 64,
    stdout: '',
  });
  const proof = readFileSync(at('proof-0.json'), 'utf8');
  writeFileSync(
    at('forged.json'),
    proof
      .replace(String.raw`{\"n\":1}`, String.raw`{\"n\":9}`)
      .replace(String.raw`\\\"n\\\":1`, String.raw`\\\"n\\\":9`),
  );
  const forged = await sandbox.run(['db', 'verify-proof', at('forged.json'), '--key', `${key}.pub`]);
  expect(forged).toMatchObject({ exitCode: 1, stdout: '' });
  expect(forged.stderr).toContain('error[PROOF_INVALID]: The row was edited');
});

it('refuses a private key that others can read, and what is no key or proof', async () => {
  await sandbox.db('init');
  const key = at('other.key');
  await sandbox.db('checkpoint', '--key', key);
  chmodSync(key, 0o644);
  const open = await sandbox.run(['db', 'checkpoint', '--key', key]);
  expect(open).toMatchObject({ exitCode: 64, stdout: '' });
  expect(open.stderr).toContain('Others can read the private key');
  writeFileSync(at('text'), 'no key\n', { mode: 0o600 });
  expect((await sandbox.run(['db', 'checkpoint', '--key', at('text')])).stderr).toContain(
    'error[INVALID_ARGUMENT]',
  );
  const words = ['db', 'verify-proof', at('text'), '--key', `${key}.pub`];
  expect((await sandbox.run(words)).stderr).toContain('error[INVALID_JSON]');
  expect((await sandbox.run(['db', 'verify-proof', at('gone'), '--key', key])).stderr).toContain(
    'error[NOT_FOUND]',
  );
  const unused = await sandbox.run(['db', 'verify', '--key', `${key}.pub`]);
  expect(unused).toMatchObject({ exitCode: 64, stdout: '' });
  expect((await sandbox.run(['db', 'prove', 'entry', 'x', '--checkpoint', at('text')])).exitCode).toBe(64);
});

it('makes no proof for the checkpoint of another database, and says which one it is', async () => {
  await sandbox.db('init');
  const other = at('other.db');
  const ids = [];
  for (const name of ['a', 'b', 'c'])
    ids.push((await sandbox.db('save-receipt', name, 'agent', 'validation', '{}')).trim());
  await sandbox.run(['db', 'save-receipt', 'a', 'agent', 'other', '{}', '--db', other, '--create']);
  const checkpoints = {
    own: await sandbox.db('checkpoint'),
    other: (await sandbox.run(['db', 'checkpoint', '--db', other])).stdout,
  };
  for (const [name, text] of Object.entries(checkpoints)) writeFileSync(at(`${name}.txt`), text);
  const otherOrigin = checkpoints.other.split('\n')[0] ?? '';
  for (const words of [
    ['receipt', ids[0] ?? '', '--checkpoint', at('other.txt')],
    ['consistency', at('other.txt'), '--checkpoint', at('own.txt')],
  ]) {
    const wrong = await sandbox.run(['db', 'prove', ...words]);
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/^error\[PROOF_INVALID\]/u);
    expect(wrong.stderr).toContain(otherOrigin);
  }
  const swapped = await sandbox.run([
    'db',
    'prove',
    'consistency',
    at('own.txt'),
    '--checkpoint',
    at('other.txt'),
  ]);
  expect(swapped).toMatchObject({ exitCode: 64, stdout: '' });
  // Its entries are fewer: what is said of a log that was cut off is not all there is to say.
  const cut = await sandbox.run(['db', 'verify', '--checkpoint', at('own.txt'), '--db', other]);
  expect(cut.exitCode).toBe(1);
  expect(cut.stderr).toContain(`of another database (${checkpoints.own.split('\n')[0] ?? ''})`);
});

it('makes both files of a key, or none', async () => {
  await sandbox.db('init');
  const key = at('new.key');
  writeFileSync(`${key}.pub`, 'of another key\n');
  const refused = await sandbox.run(['db', 'checkpoint', '--key', key]);
  expect(refused).toMatchObject({ exitCode: 64, stdout: '' });
  expect(existsSync(key)).toBe(false);
  expect(readFileSync(`${key}.pub`, 'utf8')).toBe('of another key\n');
  rmSync(`${key}.pub`);
  await sandbox.db('checkpoint', '--key', key);
  const publicKey = readFileSync(`${key}.pub`, 'utf8');
  // As after a kill between the two.
  rmSync(`${key}.pub`);
  await sandbox.db('checkpoint', '--key', key);
  expect(readFileSync(`${key}.pub`, 'utf8')).toBe(publicKey);
});
