/** `sync checkpoint` over a hub that is a process: what is printed holds by the public key of the hub, without the hub. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { expect, it } from 'vitest';
import { useHubToken } from './hub-token.ts';
import { Sandbox } from './run-cli.ts';
import { startServer } from './running-program.ts';

const sandbox = new Sandbox();
const at = (name: string): string => join(sandbox.directory, name);
const hubToken = useHubToken(sandbox);

async function printed(...words: string[]): Promise<string> {
  const finished = await sandbox.run(words);
  expect(finished).toMatchObject({ exitCode: 0 });
  return finished.stdout;
}

const serveHub = (...words: string[]): ReturnType<typeof startServer> =>
  startServer(sandbox, [at('served.db'), ...hubToken, '--hub', ...words]);

it('prints what the hub confirms, and nothing for a history that was rewritten', async () => {
  const db = ['--db', at('ada.db')];
  const { end, stderr, url } = await serveHub('--hub-key', at('hub.key'));
  expect(stderr()).toContain(`Created the private key ${at('hub.key')}`);
  expect(statSync(at('hub.key')).mode & 0o777).toBe(0o600);
  const receipts = [];
  for (const name of ['one', 'two', 'three'])
    receipts.push(await printed('db', 'save-receipt', name, 'a', 't', '{}', ...db));
  await printed('sync', 'init', url, ...db);
  const checkpoint = await printed('sync', 'checkpoint', '--key', at('ada.key'), ...db);
  writeFileSync(at('checkpoint.txt'), checkpoint);
  expect(checkpoint.match(/^— ggen-sim\.dev\/\S+ \S+$/gmu)).toHaveLength(2);
  await end('SIGTERM');

  for (const key of ['hub.key.pub', 'ada.key.pub']) {
    await printed('db', 'verify', '--checkpoint', at('checkpoint.txt'), '--key', at(key), ...db);
  }
  const id = /[0-9a-f]{64}/u.exec(receipts[0] ?? '')?.[0] ?? '';
  const proof = await printed('db', 'prove', 'receipt', id, '--checkpoint', at('checkpoint.txt'), ...db);
  writeFileSync(at('proof.json'), proof);
  const verified = await printed('db', 'verify-proof', at('proof.json'), '--key', at('hub.key.pub'));
  expect(JSON.parse(verified)).toMatchObject({
    verified: true,
    size: 3,
    cosigned_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/u),
  });
  writeFileSync(at('proof.json'), proof.replace('\\n3\\n', '\\n4\\n'));
  expect(
    await sandbox.run(['db', 'verify-proof', at('proof.json'), '--key', at('hub.key.pub')]),
  ).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^error\[PROOF_INVALID\]/u) });

  const again = await serveHub('--hub-key', at('hub.key'));
  await printed('sync', 'init', again.url, ...db);
  expect(await printed('sync', 'checkpoint', ...db)).toContain('\n3\n');
  const durable = await openDatabase(fileStorage(at('ada.db')));
  durable.database.exec('UPDATE _change_log SET leaf = zeroblob(32) WHERE seq = 2');
  durable.close();
  expect(await sandbox.run(['sync', 'checkpoint', ...db])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error\[CHECKPOINT_INCONSISTENT\]/u),
  });
  await again.end('SIGTERM');
});

it('says that the hub has no key, or a wrong one', async () => {
  const db = ['--db', at('without.db')];
  const { end, url } = await serveHub();
  await printed('db', 'save-receipt', 'one', 'a', 't', '{}', ...db);
  await printed('sync', 'init', url, ...db);
  expect(await sandbox.run(['sync', 'checkpoint', ...db])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/^error\[SYNC_NO_COSIGNER\].*--hub-key/u),
  });
  await end('SIGTERM');
  const serve = ['serve', at('served.db'), '--hub', '--hub-key'];
  await printed('db', 'checkpoint', '--key', at('own.key'), ...db);
  expect(await sandbox.run([...serve, at('own.key')])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringMatching(/^error\[INVALID_ARGUMENT\]: This key signs checkpoints of its own/u),
  });
  chmodSync(at('own.key'), 0o644);
  const refused = await sandbox.run([...serve, at('own.key')]);
  expect(refused).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('Others can read') });
  expect(refused.stderr).not.toContain(readFileSync(at('own.key'), 'utf8').trim());
  expect(await sandbox.run(['serve', at('served.db'), '--hub-key', at('x.key')])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('--hub-key needs --hub'),
  });
});
