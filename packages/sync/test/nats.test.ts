/** Servers of one PostgreSQL that tell one another of pushes over NATS, and what happens when NATS is away or refuses. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { openPersistence } from '@ggen-sim/core';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { openTarget, Synchroniser, type OpenTargetOptions, type SyncTarget } from '../src/index.ts';
import { tenantTarget } from '../src/serving/hub-routes.node.ts';
import { executionsIn, machine, save, TOKEN, UNTIL, type Machine } from './machines.ts';
import { heardAt, startNats, type NatsServer } from './nats-server.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';
import { serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

async function nats(...words: string[]): Promise<NatsServer> {
  const server = await startNats(...words);
  onTestFinished(server.stop);
  return server;
}

/** What a target has told of NATS: `null` where it could be used. */
type Told = (string | null)[];

/** Opens a target with NATS. It is connected once it has told so. */
async function targetOver(location: string, url: string): Promise<{ target: SyncTarget; told: Told }> {
  const told: Told = [];
  const onNatsChange: OpenTargetOptions['onNatsChange'] = (failure) => told.push(failure?.message ?? null);
  const target = await openTarget(location, { nats: url, onNatsChange });
  onTestFinished(() => target.close());
  return { target, told };
}

const untilTold = (told: Told, count: number): Promise<void> =>
  vi.waitFor(() => expect(told.length).toBe(count), UNTIL);

/** Two servers of one hub. */
async function twoHubs(
  location: string,
  url: string,
): Promise<{ urls: readonly [string, string]; told: Told[] }> {
  const hubs = [await targetOver(location, url), await targetOver(location, url)] as const;
  const servers = [];
  for (const { target } of hubs) {
    const server = await serveHub(target, { token: TOKEN });
    onTestFinished(server.stop);
    servers.push(server.url);
  }
  for (const { told } of hubs) await untilTold(told, 1);
  return { urls: [servers[0] ?? '', servers[1] ?? ''], told: hubs.map(({ told }) => told) };
}

/** Collects the positions that a hub tells. */
async function positionsAt(url: string): Promise<number[]> {
  const target = await openTarget(url, { token: TOKEN });
  onTestFinished(() => target.close());
  const positions: number[] = [];
  const collect = async (): Promise<void> => {
    for await (const position of target.subscribe(new AbortController().signal)) positions.push(position);
  };
  // A hub that stops ends it.
  void collect().catch(() => undefined);
  await expect.poll(() => positions.length, UNTIL).toBeGreaterThan(0);
  return positions;
}

it('wakes a database at another server, also when NATS was killed, and when it is there again', async () => {
  const server = await nats();
  const {
    urls: [first, second],
    told,
  } = await twoHubs(await cluster.newSchema(), server.url);
  const [one, two] = [await machine(first), await machine(second)];
  const positions = await positionsAt(second);
  await save(one, 'over NATS');
  await expect.poll(() => positions.at(-1), UNTIL).toBe(1);
  await expect.poll(executionsIn(two), UNTIL).toEqual(['over NATS']);

  await server.kill();
  for (const each of told) await vi.waitFor(() => expect(each.at(-1)).toMatch(/NATS cannot be used/), UNTIL);
  await save(one, 'without');
  await expect.poll(() => positions.at(-1), UNTIL).toBe(2);
  await expect.poll(executionsIn(two), UNTIL).toEqual(['over NATS', 'without']);

  await server.restart();
  for (const each of told) await vi.waitFor(() => expect(each.at(-1)).toBeNull(), UNTIL);
  await save(one, 'once more');
  await expect.poll(() => positions.at(-1), UNTIL).toBe(3);
  await save(two, 'again');
  await expect.poll(executionsIn(one), UNTIL).toEqual(['again', 'once more', 'over NATS', 'without']);
});

it('loses nothing where a sign is lost, or there never was one', async () => {
  const server = await nats();
  const location = await cluster.newSchema();
  const {
    urls: [, second],
  } = await twoHubs(location, server.url);
  const looking = await machine(second, { intervalMs: 100 });
  // It gives no sign of its push.
  await using silent = await openPersistence({ storage: 'memory' });
  await save(silent, 'silent');
  const target = await openTarget(location);
  await new Synchroniser(silent, target).synchronise();
  await target.close();
  await expect.poll(executionsIn(looking), UNTIL).toEqual(['silent']);
});

it('carries an id and a position alone, of the tenant that has pushed, and only of what is new', async () => {
  const server = await nats();
  const { heard, connection } = await heardAt(server.url);
  const { target, told } = await targetOver(await cluster.newSchema('hub'), server.url);
  const [acme, globex] = [tenantTarget(target, 'acme'), tenantTarget(target, 'globex')];
  await untilTold(told, 1);
  await using database = await openPersistence({ storage: 'memory' });
  await save(database, 'a');
  await save(database, 'b');
  await new Synchroniser(database, acme).synchronise();
  await new Synchroniser(database, acme).synchronise();
  await vi.waitFor(() => expect(heard.length).toBeGreaterThan(1), UNTIL);
  await using other = await openPersistence({ storage: 'memory' });
  await save(other, 'x');
  await new Synchroniser(other, globex).synchronise();
  await vi.waitFor(() => expect(heard.length).toBeGreaterThan(2), UNTIL);
  const [ofAcme, ofGlobex] = [await acme.id(), await globex.id()];
  // The first one tells if it may publish at all.
  expect(heard).toEqual([
    'ggen-sim.sync.v1.none ',
    `ggen-sim.sync.v1.${ofAcme} 2`,
    `ggen-sim.sync.v1.${ofGlobex} 1`,
  ]);
  // A sign that somebody made up, and one of another tenant, say nothing: who waits reads where the hub ends.
  const control = new AbortController();
  onTestFinished(() => control.abort());
  const positions: number[] = [];
  void (async () => {
    for await (const position of acme.subscribe(control.signal)) positions.push(position);
  })();
  await vi.waitFor(() => expect(positions).toEqual([2]), UNTIL);
  for (const subject of [ofAcme, ofGlobex, 'x'])
    for (const text of ['99', '', '{"position":-1}']) connection.publish(`ggen-sim.sync.v1.${subject}`, text);
  await connection.flush();
  await save(database, 'c');
  await new Synchroniser(database, acme).push();
  await vi.waitFor(() => expect(positions.length).toBeGreaterThan(1), UNTIL);
  expect(positions).toEqual([2, 3]);
});

it('is of use to databases that connect to PostgreSQL themselves', async () => {
  const server = await nats();
  const location = await cluster.newSchema();
  const connected: Promise<void>[] = [];
  const open = (): Promise<Machine> => {
    let resolve: () => void = () => undefined;
    connected.push(new Promise<void>((each) => (resolve = each)));
    return machine(location, { nats: server.url, onNatsChange: () => resolve() });
  };
  const [one, two] = [await open(), await open()];
  await Promise.all(connected);
  await save(one, 'a');
  await expect.poll(executionsIn(two), UNTIL).toEqual(['a']);
});

it('stops nothing where it cannot be reached, refuses, or speaks no TLS, and says why', async () => {
  const secured = await nats('--user', 'hub', '--pass', 'right');
  const plain = await nats();
  const away = await nats();
  await away.kill();
  const configuration = path.join(folder, 'permissions.conf');
  const forbidding = (what: string): string =>
    `{ user: no-${what}, password: right, permissions: { ${what}: { deny: ">" } } }`;
  const users = ['publish', 'subscribe'].map((what) => forbidding(what)).join(', ');
  writeFileSync(configuration, `authorization { users = [ ${users} ] }`);
  const forbids = await nats('-c', configuration);
  const location = await cluster.newSchema();
  for (const [url, reason, variables] of [
    [away.url, 'connection refused', {}],
    [secured.url, /authorization/i, {}],
    [secured.url, /authorization/i, { NATS_USER: 'hub', NATS_PASSWORD: 'wrong' }],
    // A connection that stays, and is of no use.
    [forbids.url, /permissions violation for publish/i, { NATS_USER: 'no-publish', NATS_PASSWORD: 'right' }],
    [forbids.url, /permissions .* subscription/i, { NATS_USER: 'no-subscribe', NATS_PASSWORD: 'right' }],
    [plain.url.replace('nats:', 'tls:'), "server does not support 'tls'", {}],
  ] as const) {
    const restore = withVariables(variables);
    const { target, told } = await targetOver(location, url);
    restore();
    await untilTold(told, 1);
    expect(told[0]).toMatch(reason);
    await using database = await openPersistence({ storage: 'memory' });
    await save(database, `${url} ${JSON.stringify(variables)}`);
    expect((await new Synchroniser(database, target).push()).changes).toBe(1);
    expect(told).not.toContain(null);
  }
  for (const variables of [{ NATS_USER: 'hub', NATS_PASSWORD: 'right' }]) {
    const restore = withVariables(variables);
    const { told } = await targetOver(location, secured.url);
    restore();
    await untilTold(told, 1);
    expect(told).toEqual([null]);
  }
});

it('takes a token, a file of credentials, and TLS with a certificate of its own', async () => {
  const location = await cluster.newSchema();
  const [certificate, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj /CN=nats
    -addext subjectAltName=DNS:localhost`;
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', [...request.split(/\s+/), ...files], { stdio: 'ignore' });
  const server = await nats('--auth', 'secret', '--tls', '--tlscert', certificate, '--tlskey', key);
  const url = server.url.replace('nats://127.0.0.1', 'tls://localhost');
  const restore = withVariables({ NATS_TOKEN: 'secret', NATS_CA: certificate });
  const right = await targetOver(location, url);
  restore();
  await untilTold(right.told, 1);
  expect(right.told).toEqual([null]);
  const restoreToken = withVariables({ NATS_TOKEN: 'secret' });
  const untrusted = await targetOver(location, url);
  restoreToken();
  await untilTold(untrusted.told, 1);
  expect(untrusted.told[0]).toMatch(/certificate/);

  const user = nkeys.createUser();
  const configuration = path.join(folder, 'nkey.conf');
  writeFileSync(configuration, `authorization { users = [ { nkey: ${user.getPublicKey()} } ] }`);
  const credentials = path.join(folder, 'user.creds');
  const seed = new TextDecoder().decode(user.getSeed());
  const part = (name: string, text: string): string =>
    `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n\n`;
  writeFileSync(credentials, part('NATS USER JWT', 'e30.e30.') + part('USER NKEY SEED', seed));
  const withKey = await nats('-c', configuration);
  const restoreFile = withVariables({ NATS_CREDS: credentials });
  const { told } = await targetOver(location, withKey.url);
  restoreFile();
  await untilTold(told, 1);
  expect(told).toEqual([null]);
});

it('is refused where it is named wrongly, or has no use', async () => {
  const location = await cluster.newSchema();
  for (const url of [
    '',
    'nats',
    'http://localhost:4222',
    'nats://user:secret@localhost',
    'nats://token-secret@localhost',
    'nats://localhost/secret',
    'nats://localhost?token=secret',
    'nats://localhost:99999',
    'nats://localhost,tls://localhost',
    'nats://localhost,',
  ]) {
    await expect(openTarget(location, { nats: url })).rejects.toMatchObject({
      code: 'SYNC_TARGET_INVALID',
      message: expect.not.stringContaining('secret'),
      hint: expect.stringContaining('nats://HOST:PORT'),
    });
  }
  for (const other of ['http://localhost:1', path.join(folder, 'hub.db')]) {
    await expect(openTarget(other, { nats: 'nats://localhost' })).rejects.toMatchObject({
      code: 'SYNC_TARGET_INVALID',
    });
  }
  const wrong = path.join(folder, 'wrong.creds');
  writeFileSync(wrong, 'no credentials');
  for (const variables of [
    { NATS_CREDS: path.join(folder, 'none') },
    { NATS_CREDS: wrong },
    { NATS_CA: path.join(folder, 'none') },
  ]) {
    const restore = withVariables(variables);
    const refused = openTarget(location, { nats: 'tls://localhost' });
    await expect(refused).rejects.toMatchObject({
      code: 'SYNC_TARGET_INVALID',
      message: expect.stringContaining(Object.keys(variables)[0] ?? ''),
    });
    restore();
  }
});

/** Sets variables of the environment. @returns removes them */
function withVariables(variables: Readonly<Record<string, string>>): () => void {
  Object.assign(process.env, variables);
  return () => {
    for (const name of Object.keys(variables)) delete process.env[name];
  };
}
