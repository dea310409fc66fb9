/**
 * What is saved on one machine comes to another one by the streams of two hubs, which are processes, and NATS between them; and
 * it comes when each of them was killed. The machines look by themselves once an hour alone.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { heardAt, startNats } from '../../sync/test/nats-server.ts';
import { startCluster, type PostgresCluster } from '../../sync/test/postgres-cluster.ts';
import { useHubToken } from './hub-token.ts';
import { Sandbox } from './run-cli.ts';
import { startProgram, startServer, type Running } from './running-program.ts';

const sandbox = new Sandbox();
/** A stream that was refused again and again is asked for less often. */
const UNTIL = { timeout: 300_000, interval: 50 };
const at = (name: string): string => join(sandbox.directory, name);
const hubToken = useHubToken(sandbox);

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const start = (...words: readonly string[]): Running => startProgram(sandbox, words);
const serveHub = (name: string, ...words: readonly string[]): ReturnType<typeof startServer> =>
  startServer(sandbox, [at(name), ...hubToken, ...words]);

async function printed(...words: string[]): Promise<string> {
  const finished = await sandbox.run(words);
  expect(finished).toMatchObject({ exitCode: 0 });
  return finished.stdout;
}

const save = (database: string, executionId: string): Promise<string> =>
  printed('db', 'save-receipt', executionId, 'agent', 'test', '{}', '--db', at(database));

const hasConnected = (hub: Running, times: number): Promise<void> =>
  expect.poll(() => hub.stderr().split('NATS is connected').length - 1).toBe(times);

/** Synchronises a database over a hub, and looks once an hour. Returns when it has done so once. */
async function follow(database: string, url: string): Promise<void> {
  await save(database, `first of ${database}`);
  await printed('sync', 'init', url, '--db', at(database));
  const { stdout } = start('sync', 'run', '--follow', '--interval', '3600', '--db', at(database));
  await expect.poll(stdout).toContain('"pushed"');
}

async function arrives(executionId: string, database: string): Promise<void> {
  await expect
    .poll(() => printed('db', 'query-receipts', '--db', at(database), '--limit', '100'), UNTIL)
    .toContain(executionId);
}

it('a save comes to a machine at another hub, also after each part on its way was killed', async () => {
  const nats = await startNats();
  onTestFinished(nats.stop);
  const words = ['--hub', await cluster.newSchema(), '--nats', nats.url, '--join'];
  let left = await serveHub('left-served.db', ...words);
  let right = await serveHub('right-served.db', ...words);
  for (const hub of [left, right]) await hasConnected(hub, 1);
  await follow('left.db', left.url);
  await follow('right.db', right.url);

  await save('left.db', 'over NATS');
  await arrives('over NATS', 'right.db');
  // Nothing else is new, so the sign is that of the served database.
  const { heard } = await heardAt(nats.url);
  await save('left-served.db', 'of the hub itself');
  await expect.poll(() => heard, UNTIL).toHaveLength(1);
  await arrives('of the hub itself', 'right.db');

  await nats.kill();
  for (const hub of [left, right]) await expect.poll(hub.stderr).toContain('error[SYNC_UNREACHABLE]: NATS');
  await save('left.db', 'without NATS');
  await arrives('without NATS', 'right.db');
  await nats.restart();
  for (const hub of [left, right]) await hasConnected(hub, 2);
  await save('right.db', 'with NATS again');
  await arrives('with NATS again', 'left.db');

  await right.end('SIGKILL');
  await save('left.db', 'while the other hub is away');
  right = await serveHub('right-served.db', ...words, '--port', new URL(right.url).port);
  await arrives('while the other hub is away', 'right.db');

  await left.end('SIGKILL');
  await save('left.db', 'while its own hub is away');
  left = await serveHub('left-served.db', ...words, '--port', new URL(left.url).port);
  await arrives('while its own hub is away', 'right.db');

  // Streams do not keep a server that is stopped.
  for (const hub of [left, right]) expect(await hub.end('SIGTERM')).toBe(0);
});

it('a token that is removed from --hub-tokens ends its stream', async () => {
  const [kept, removed] = ['k'.repeat(40), 'r'.repeat(40)];
  const tokens = at('hub-tokens');
  const lines = (...each: string[]): string => each.map((token) => `pull ${token} somebody\n`).join('');
  writeFileSync(tokens, lines(kept, removed), { mode: 0o600 });
  const { url, end } = await serveHub('tokens-served.db', '--hub', '--hub-tokens', tokens);
  const streamOf = async (token: string): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
    const response = await fetch(`${url}/sync/v1/subscribe`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    return reader;
  };
  const [ofKept, ofRemoved] = [await streamOf(kept), await streamOf(removed)];
  let hasKeptEnded = false;
  const ended = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> => {
    while (!(await reader.read()).done);
  };
  const keptEnds = ended(ofKept).then(() => (hasKeptEnded = true));
  writeFileSync(tokens, lines(kept));
  await ended(ofRemoved);
  expect(hasKeptEnded).toBe(false);
  expect(await end('SIGTERM')).toBe(0);
  await keptEnds;
});

it('--nats is refused without PostgreSQL and where it is none, and a server does not depend on it', async () => {
  const location = await cluster.newSchema();
  const serve = ['serve', at('refusing.db'), '--create'];
  for (const words of [
    ['--nats', 'nats://localhost'],
    ['--hub', '--nats', 'nats://localhost'],
  ]) {
    expect(await sandbox.run([...serve, ...words])).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('--nats needs --hub postgres://'),
    });
  }
  const refused = await sandbox.run([...serve, '--hub', location, '--nats', 'nats://hub:secret@localhost']);
  expect(refused).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('error[SYNC_TARGET_INVALID]'),
  });
  expect(refused.stderr).not.toContain('secret');
  expect(refused.stderr).toContain('NATS_USER');

  const nats = await startNats('--user', 'hub', '--pass', 'right');
  onTestFinished(nats.stop);
  const hub = await serveHub('unauthorised-served.db', '--hub', location, '--nats', nats.url);
  await expect.poll(hub.stderr).toMatch(/error\[SYNC_UNREACHABLE\]: NATS cannot be used: .*authorization/iu);
  await save('without.db', 'kept');
  await printed('sync', 'init', hub.url, '--db', at('without.db'));
  await printed('sync', 'run', '--db', at('without.db'));
  expect(await hub.end('SIGTERM')).toBe(0);
});
