/** `serve --hub --join`: the served database has the rows of all machines, so its queries and analytics are about all of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type PostgresCluster } from '../../sync/test/postgres-cluster.ts';
import { useHubToken } from './hub-token.ts';
import { Sandbox } from './run-cli.ts';
import { startServer } from './running-program.ts';

const sandbox = new Sandbox();
const at = (name: string): string => join(sandbox.directory, name);
const hubToken = useHubToken(sandbox);
const UNTIL = { timeout: 300_000, interval: 200 };

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

async function printed(...words: string[]): Promise<string> {
  const finished = await sandbox.run(words);
  expect(finished).toMatchObject({ exitCode: 0 });
  return finished.stdout;
}

/** Makes a machine with a record of its own, and sends that over a hub. */
async function pushedMachine(machine: string, url: string, token?: string): Promise<void> {
  const environment = token === undefined ? {} : { GGEN_SIM_SYNC_TOKEN: token };
  for (const words of [
    ['db', 'save-receipt', `of ${machine}`, `agent of ${machine}`, 'test', '{}'],
    ['sync', 'init', url],
    ['sync', 'push'],
  ]) {
    const finished = await sandbox.run([...words, '--db', at(machine)], { environment });
    expect(finished).toMatchObject({ exitCode: 0 });
  }
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
  const words = [at(served), ...hubToken, '--hub', hub, '--join'];
  const { url, end } = await startServer(sandbox, words);
  const machines = ['one', 'two'].map((name) => `${kind} ${name}.db`);
  for (const machine of machines) await pushedMachine(machine, url);
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
  const words = [...hubToken, '--hub', at('other-hub.db'), '--join'];
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

/** Writes a file for `--hub-tokens` with a token for each tenant. @returns the words for it, and the tokens */
function tokensOf<Tenant extends string>(
  file: string,
  ...tenants: readonly Tenant[]
): { readonly words: readonly string[]; readonly tokens: Readonly<Record<Tenant, string>> } {
  const tokens = Object.fromEntries(tenants.map((tenant) => [tenant, tenant.padEnd(40, '-')]));
  const lines = tenants.map((tenant) => `push,pull@${tenant} ${tokens[tenant]} laptop\n`);
  writeFileSync(at(file), lines.join(''), { mode: 0o600 });
  return { words: ['--hub-tokens', at(file)], tokens: tokens as Record<Tenant, string> };
}

it('with --tenant it is a machine of that tenant alone, also after it was killed', async () => {
  const hub = await cluster.newSchema('hub');
  const { words: hubTokens, tokens } = tokensOf('two-tenants', 'acme', 'globex');
  const serve = [...hubToken, ...hubTokens, '--hub', hub];
  const servers = [];
  for (const tenant of ['acme', 'globex', undefined] as const) {
    const words = [at(`all of ${tenant}.db`), ...serve, '--join', ...(tenant ? ['--tenant', tenant] : [])];
    servers.push({ tenant, words, server: await startServer(sandbox, words) });
  }
  const expected = (tenant: string | undefined): string[] => [`hub of ${tenant}`, `of one of ${tenant}.db`];
  for (const { tenant, server } of servers) {
    const token = tenant && tokens[tenant];
    await pushedMachine(`one of ${tenant}.db`, server.url, token);
    // It sends as well: a machine of the tenant gets it, and no other one does.
    const served = at(`all of ${tenant}.db`);
    await printed('db', 'save-receipt', `hub of ${tenant}`, 'agent', 'test', '{}', '--db', served);
  }
  for (const { tenant } of servers)
    await expect.poll(() => executionsIn(`all of ${tenant}.db`), UNTIL).toEqual(expected(tenant));
  for (const { tenant } of servers) {
    const environment = tenant === undefined ? {} : { GGEN_SIM_SYNC_TOKEN: tokens[tenant] };
    const machine = `one of ${tenant}.db`;
    const pulled = async (): Promise<string[]> => {
      const words = ['sync', 'pull', '--db', at(machine)];
      expect(await sandbox.run(words, { environment })).toMatchObject({ exitCode: 0 });
      return executionsIn(machine);
    };
    await expect.poll(pulled, UNTIL).toEqual(expected(tenant));
  }
  for (const { tenant, words, server } of servers) {
    await server.end('SIGKILL');
    const again = await startServer(sandbox, words);
    await pushedMachine(`two of ${tenant}.db`, again.url, tenant && tokens[tenant]);
    await expect
      .poll(() => executionsIn(`all of ${tenant}.db`), UNTIL)
      .toEqual([...expected(tenant), `of two of ${tenant}.db`]);
    expect(await again.end('SIGTERM')).toBe(0);
    expect(again.stderr()).toBe('');
  }
});

it('a database of another tenant is refused, and nothing of it is sent until it is given to the new one', async () => {
  const hub = await cluster.newSchema('hub');
  const { words: hubTokens } = tokensOf('changed-tenant', 'acme', 'globex');
  const serve = ['serve', at('moving.db'), '--create', ...hubToken, ...hubTokens, '--hub', hub, '--join'];
  const first = await startServer(sandbox, [...serve.slice(1), '--tenant', 'acme']);
  await printed('db', 'save-receipt', 'of acme', 'agent', 'test', '{}', '--db', at('moving.db'));
  const lag = async (): Promise<unknown> =>
    (JSON.parse(await printed('sync', 'status', '--db', at('moving.db'))) as Record<string, unknown>)[
      'lag_entries'
    ];
  await expect.poll(lag, UNTIL).toBe(0);
  expect(await first.end('SIGTERM')).toBe(0);
  const rowsOf = async (tenant: string): Promise<number> => {
    const schema = /case_\d+/u.exec(decodeURIComponent(hub))?.[0];
    return (await cluster.query(`SELECT 1 FROM ${schema}.ggen_changes WHERE tenant = '${tenant}'`)).length;
  };
  expect(await rowsOf('acme')).toBe(1);
  for (const words of [['--tenant', 'globex'], []]) {
    const refused = await sandbox.run([...serve, ...words]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      new RegExp(`^error\\[SYNC_TARGET_CHANGED\\]: .* tenant '${words[1] ?? 'default'}'.*sync init`, 'u'),
    );
  }
  expect([await rowsOf('globex'), await rowsOf('default')]).toEqual([0, 0]);
  await printed('sync', 'init', hub, '--db', at('moving.db'));
  const moved = await startServer(sandbox, [...serve.slice(1), '--tenant', 'globex']);
  await expect.poll(() => rowsOf('globex'), UNTIL).toBe(1);
  expect(await moved.end('SIGTERM')).toBe(0);
  expect(await rowsOf('acme')).toBe(1);

  // A machine that uses the hub over HTTP has another target, whatever its tenant.
  const elsewhere = ['serve', at('over-http.db'), ...serve.slice(2), '--tenant', 'acme'];
  await printed('start', '--db', at('over-http.db'));
  await printed('sync', 'init', 'http://127.0.0.1:9', '--offline', '--db', at('over-http.db'));
  expect(await sandbox.run(elsewhere)).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('is synchronised over http://127.0.0.1:9'),
  });
});

it('a tenant that is none, that no token names, or that the hub cannot have is refused, and none is made', async () => {
  const hub = await cluster.newSchema('hub');
  const { words: hubTokens } = tokensOf('tenants', 'acme', 'globex');
  const inFile = tokensOf('tenants-of-file', 'acme').words;
  const superuser = await cluster.newSchema();
  const file = at('hub-of-tenants.db');
  await printed('start', '--db', at('refused.db'));
  for (const [words, code, message] of [
    [['--hub', hub, '--tenant', 'acme'], 'USAGE', '--tenant needs --join'],
    [['--tenant', 'acme'], 'USAGE', '--tenant needs --join'],
    [['--join', '--tenant', 'acme'], 'USAGE', '--join needs --hub'],
    [['--hub', hub, '--join', '--tenant', 'acme'], 'USAGE', "There is no tenant 'acme'"],
    [['--hub', hub, ...hubTokens, '--join', '--tenant', 'acne'], 'USAGE', 'Did you mean acme?'],
    [['--hub', hub, ...hubTokens, '--join', '--tenant', 'initech'], 'USAGE', 'push,pull@initech TOKEN'],
    [['--hub', hub, ...hubTokens, '--join', '--tenant', 'ACME'], 'USAGE', "There is no tenant 'ACME'"],
    [['--hub', hub, ...hubTokens, '--join', '--tenant', 'constructor'], 'USAGE', 'There is no tenant'],
    ...['', ' ', 'a b', "o'neill", 'acme\n', '@acme', 'äcme', 'a/b', '\u001B[31m', 'x'.repeat(65)].map(
      (name) => [['--hub', hub, ...hubTokens, '--join', `--tenant=${name}`], 'USAGE', '--tenant'] as const,
    ),
    [['--hub', file, '--join', '--tenant', 'acme'], 'USAGE', "There is no tenant 'acme'"],
    [['--hub', file, ...inFile, '--join', '--tenant', 'acme'], 'SYNC_TARGET_INVALID', 'has no tenants'],
    [['--hub', superuser, ...hubTokens, '--join', '--tenant', 'acme'], 'SYNC_TARGET_INVALID', 'row-level'],
  ] as const) {
    const refused = await sandbox.run(['serve', at('refused.db'), ...hubToken, ...words]);
    expect([words, refused.exitCode, refused.stdout]).toEqual([words, 64, '']);
    expect(refused.stderr).toMatch(new RegExp(`^error\\[${code}\\]: [\\u0020-\\uFFFF]+\\n$`, 'u'));
    expect(refused.stderr).toContain(message);
  }
  const schema = /case_\d+/u.exec(decodeURIComponent(hub))?.[0];
  const tables = `SELECT 1 FROM information_schema.tables WHERE table_schema = '${schema}'`;
  expect(await cluster.query(tables)).toEqual([]);
  const status = await printed('sync', 'status', '--db', at('refused.db'));
  expect(JSON.parse(status)).toMatchObject({ target: null });
  // The tenant of those without a name needs no line, in a file as well.
  const named = await startServer(sandbox, [
    at('named.db'),
    ...hubToken,
    '--hub',
    file,
    '--join',
    '--tenant',
    'default',
  ]);
  await pushedMachine('machine of default.db', named.url);
  await expect.poll(() => executionsIn('named.db'), UNTIL).toEqual(['of machine of default.db']);
});
