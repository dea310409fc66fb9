/** `serve --hub --join`: the served database has the rows of all machines, so its queries and analytics are about all of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type PostgresCluster } from '../../sync/test/postgres-cluster.ts';
import { Sandbox } from './run-cli.ts';
import { startServer } from './running-program.ts';

const sandbox = new Sandbox();
const at = (name: string): string => join(sandbox.directory, name);
const TOKEN = 'token-of-the-hub-with-32-characters';
const UNTIL = { timeout: 300_000, interval: 200 };

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
  process.env['GGEN_SIM_SYNC_TOKEN'] = TOKEN;
  writeFileSync(at('hub-token'), `${TOKEN}\n`, { mode: 0o600 });
});
afterAll(async () => {
  delete process.env['GGEN_SIM_SYNC_TOKEN'];
  await cluster.stop();
});

async function printed(...words: string[]): Promise<string> {
  const finished = await sandbox.run(words);
  expect(finished).toMatchObject({ exitCode: 0 });
  return finished.stdout;
}

async function executionsIn(database: string, ...filters: string[]): Promise<string[]> {
  const rows = await printed('db', 'query-receipts', '--db', at(database), '--limit', '100', ...filters);
  return (JSON.parse(rows) as { readonly execution_id: string }[])
    .map(({ execution_id: id }) => id)
    .toSorted();
}

it.each(['a file', 'PostgreSQL'])('a hub in %s answers for all machines', async (kind) => {
  const hub = kind === 'PostgreSQL' ? await cluster.newSchema() : at('hub.db');
  const served = `${kind} served.db`;
  const words = [at(served), '--token-file', at('hub-token'), '--hub', hub, '--join'];
  const { url, end } = await startServer(sandbox, words);
  const machines = ['one', 'two'].map((name) => `${kind} ${name}.db`);
  for (const machine of machines) {
    const db = ['--db', at(machine)];
    await printed('db', 'save-receipt', `of ${machine}`, `agent of ${machine}`, 'test', '{}', ...db);
    await printed('sync', 'init', url, ...db);
    await printed('sync', 'push', ...db);
  }
  const all = machines.map((machine) => `of ${machine}`).toSorted();
  await expect.poll(() => executionsIn(served), UNTIL).toEqual(all);
  expect(await executionsIn(served, '--agent-exact', `agent of ${machines[0]}`)).toEqual([
    `of ${machines[0]}`,
  ]);
  const analytics = await printed('db', 'analytics', '--db', at(served));
  expect(JSON.parse(analytics)).toMatchObject({
    receipt_statistics: [{ status: 'success', count: machines.length }],
  });

  // It is one of the machines.
  await printed('db', 'save-receipt', 'of the hub', 'agent', 'test', '{}', '--db', at(served));
  const pulled = async (): Promise<string[]> => {
    await printed('sync', 'pull', '--db', at(machines[0] ?? ''));
    return executionsIn(machines[0] ?? '');
  };
  await expect.poll(pulled, UNTIL).toEqual([...all, 'of the hub'].toSorted());
  expect(await end('SIGTERM')).toBe(0);
  const again = await startServer(sandbox, words);
  expect(await again.end('SIGTERM')).toBe(0);
});

it('a database that has another target, or is encrypted, is not sent to it', async () => {
  const words = ['--token-file', at('hub-token'), '--hub', at('other-hub.db'), '--join'];
  await printed('start', '--db', at('elsewhere.db'));
  await printed('sync', 'init', at('its-hub.db'), '--db', at('elsewhere.db'));
  expect(await sandbox.run(['serve', at('elsewhere.db'), ...words])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('is synchronised over'),
  });
  writeFileSync(at('key'), '9'.repeat(64), { mode: 0o600 });
  const key = ['--key-file', at('key')];
  await printed('start', '--db', at('encrypted.db'), ...key);
  expect(await sandbox.run(['serve', at('encrypted.db'), ...words, ...key])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('--plain'),
  });
  expect(await sandbox.run(['serve', at('elsewhere.db'), '--join'])).toMatchObject({ exitCode: 64 });
});
