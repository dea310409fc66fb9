/** The contract over HTTP, by hubs of both kinds, each behind two servers; and what is refused on the way. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  chainAfter,
  checkStoredLocation,
  openTarget,
  setTarget,
  START,
  syncStatus,
  SyncError,
  Synchroniser,
  type SyncTarget,
} from '../src/index.ts';
import { httpTarget } from '../src/targets/http-target.ts';
import { describeSyncTarget } from '../src/testing/index.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';
import { cuttingWay, serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = (): string => path.join(folder, `hub-${files++}.db`);

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

for (const kind of ['a file', 'PostgreSQL'] as const) {
  describeSyncTarget(
    `HTTP, two hubs over ${kind}`,
    async () => {
      const location = kind === 'a file' ? newFile() : await cluster.newSchema();
      const servers = [await serveHub(location), await serveHub(location)] as const;
      let opened = 0;
      return {
        open: async () => {
          const { url, token } = servers[opened++ % 2 === 0 ? 0 : 1];
          return openTarget(url, { token: token ?? '' });
        },
        end: async () => {
          for (const server of servers) await server.stop();
        },
      };
    },
    { describe, it, expect },
  );
}

async function failureOf(call: Promise<unknown>): Promise<SyncError> {
  const failure: unknown = await call.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SyncError);
  return failure as SyncError;
}

/** Answers every request in one way, as a server that is no hub does. */
async function otherServer(
  answer: http.RequestListener,
): Promise<{ url: string; seen: http.IncomingMessage[] }> {
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

describe('a hub over HTTP', () => {
  it('refuses a request without a token of its own, and each token does what it is for', async () => {
    const [push, pull] = ['p'.repeat(40), 'r'.repeat(40)];
    const server = await serveHub(newFile(), {
      scopedTokens: [
        { token: push, scopes: ['push'] },
        { token: pull, scopes: ['pull'] },
      ],
    });
    onTestFinished(server.stop);
    const targetWith = (token: string): Promise<SyncTarget> => openTarget(server.url, { token });
    for (const token of ['', 'x'.repeat(40)]) {
      const failure = await failureOf((await targetWith(token)).id());
      expect(failure.code).toBe('SYNC_UNAUTHORIZED');
      expect(failure.hint).toContain('GGEN_SIM_SYNC_TOKEN');
    }
    await using database = await openPersistence({ storage: 'memory' });
    await setTarget(database, server.url);
    await failureOf(new Synchroniser(database, await targetWith('x'.repeat(40))).push());
    expect(await syncStatus(database)).toMatchObject({
      target: server.url,
      lastError: { code: 'SYNC_UNAUTHORIZED' },
      advice: expect.stringContaining('GGEN_SIM_SYNC_TOKEN'),
    });
    expect((await failureOf(targetWith('two\nlines'))).code).toBe('SYNC_UNAUTHORIZED');
    const batch = { origin: 'one', after: START, entries: [] };
    const request = { origin: 'one', after: 0, pushId: null, limit: 1 };
    const pushing = await targetWith(`${push}\n`);
    const pulling = await targetWith(pull);
    await pushing.push(batch);
    await pulling.pull(request);
    for (const target of [pushing, pulling]) expect((await target.cursor('one')).seq).toBe(0);
    for (const refused of [pushing.pull(request), pulling.push(batch), pulling.unknown(['0'.repeat(64)])]) {
      const failure = await failureOf(refused);
      expect([failure.code, failure.message]).toEqual([
        'SYNC_UNAUTHORIZED',
        expect.stringContaining('not enough'),
      ]);
      expect(failure.hint).toMatch(/^It allows: (?:push|pull)\. Call `push` or `pull` alone/);
    }
    // Beside the hub, they are enough for nothing.
    for (const [target, method] of [
      ['/changes', 'GET'],
      ['/stop', 'POST'],
      ['/graphql', 'POST'],
    ] as const) {
      const headers = { authorization: `Bearer ${push}` };
      expect((await fetch(`${server.url}${target}`, { method, headers })).status).toBe(403);
    }
  });

  it('is not waited for longer than the limit, whatever is collected meanwhile', async () => {
    const silent = await otherServer(() => undefined);
    const target = await openTarget(silent.url, { token: '', answerTimeoutMs: 500 });
    onTestFinished(() => target.close());
    const failures = Promise.all([
      failureOf(target.id()),
      failureOf(target.subscribe(new AbortController().signal)[Symbol.asyncIterator]().next()),
    ]);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const collecting = setInterval(collect, 50);
    onTestFinished(() => clearInterval(collecting));
    for (const failure of await failures) {
      expect(failure.code).toBe('SYNC_UNREACHABLE');
      expect(failure.message).toContain('it did not answer within 0.5 s');
    }
  });

  it('answers with no more than the limit, and with ids and positions that can be stored', async () => {
    const endless = await otherServer((_, response) => {
      const send = (): void => {
        while (response.write(' '.repeat(65_536)));
        response.once('drain', send);
      };
      send();
    });
    const target = httpTarget(endless.url, '', undefined, 1_000_000);
    onTestFinished(() => target.close());
    expect(await failureOf(target.id())).toMatchObject({
      code: 'SYNC_INVALID',
      message: expect.stringContaining('more than 1000000 bytes') as string,
    });
    const pulled = { changes: [], position: 1, pushId: 'push', isLast: true };
    const request = { origin: 'one', after: 0, pushId: null, limit: 1 };
    for (const [result, isTaken] of [
      [pulled, true],
      [{ ...pulled, position: -1 }, false],
      [{ ...pulled, pushId: 'x'.repeat(201) }, false],
      ['x'.repeat(201), false],
    ] as const) {
      const { url } = await otherServer((_, response) => void response.end(JSON.stringify({ result })));
      const answering = httpTarget(url, '');
      const call = typeof result === 'string' ? answering.id() : answering.pull(request);
      if (isTaken) expect(await call).toEqual(result);
      else expect((await failureOf(call)).code).toBe('SYNC_TARGET_INVALID');
    }
  });

  it('says what answers in its place, and follows no redirect', async () => {
    const noHub = [
      (_: unknown, response: http.ServerResponse) => void response.writeHead(404).end('<h1>Not found</h1>'),
      (_: unknown, response: http.ServerResponse) => void response.end('<h1>Welcome</h1>'),
      (_: unknown, response: http.ServerResponse) => void response.end('{"result":{}}'),
      (_: unknown, response: http.ServerResponse) => void response.writeHead(403).end('Forbidden'),
    ];
    for (const answer of noHub) {
      const { url } = await otherServer(answer);
      const failure = await failureOf((await openTarget(url)).cursor('one'));
      expect([failure.code, failure.message]).toEqual([
        'SYNC_TARGET_INVALID',
        expect.stringContaining('no hub'),
      ]);
    }
    // Words of the hub are stored with the failure.
    const words = JSON.stringify({ error: { code: 'FORKED', message: 'x'.repeat(100_000) } });
    const wordy = await otherServer((_, response) => void response.writeHead(409).end(words));
    const { code, message } = await failureOf((await openTarget(wordy.url)).id());
    expect([code, message]).toEqual(['FORKED', 'x'.repeat(1000)]);
    const elsewhere = await otherServer((_, response) => void response.end('{"result":"stolen"}'));
    const redirecting = await otherServer(
      (_, response) => void response.writeHead(307, { location: elsewhere.url }).end(),
    );
    const failure = await failureOf((await openTarget(redirecting.url, { token: 't'.repeat(40) })).id());
    expect([failure.code, failure.message]).toEqual([
      'SYNC_TARGET_INVALID',
      expect.stringContaining(`redirects to ${elsewhere.url}`),
    ]);
    expect(elsewhere.seen).toEqual([]);
    // A server of ours that is no hub, and a hub that is called by another name.
    const server = await serveHub(newFile(), { routes: [] });
    onTestFinished(server.stop);
    const plain = await openTarget(server.url, { token: server.token ?? '' });
    expect((await failureOf(plain.id())).code).toBe('SYNC_TARGET_INVALID');
  });

  it('that is away or busy is tried again, after the time that it says', async () => {
    for (const [status, headers, retryAfterMs] of [
      [503, { 'retry-after': '7' }, 7000],
      [429, { 'retry-after': '1' }, 1000],
      [502, {}, undefined],
    ] as const) {
      const { url } = await otherServer((_, response) => void response.writeHead(status, headers).end());
      const failure = await failureOf((await openTarget(url)).id());
      expect([failure.code, failure.retryAfterMs]).toEqual(['SYNC_UNREACHABLE', retryAfterMs]);
    }
    const server = await serveHub(newFile());
    await server.stop();
    expect((await failureOf((await openTarget(server.url)).id())).code).toBe('SYNC_UNREACHABLE');
  });

  it('sends again what met a connection that was just closed, once', async () => {
    let requests = 0;
    // A server of this protocol alone, which closes each connection at the first request that comes over it.
    const server = net.createServer((socket) => {
      socket.once('data', () => {
        requests++;
        if (requests % 2 === 1) socket.end();
        else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"result":"id"}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const target = await openTarget(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    expect(await target.id()).toBe('id');
    expect(requests).toBe(2);
    requests = 0;
    server.removeAllListeners('connection');
    server.on('connection', (socket) =>
      socket.once('data', () => {
        requests++;
        socket.end();
      }),
    );
    await expect(target.id()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
    expect(requests).toBe(2);
  });

  it('keeps what callers hold bounded, and tells the others to come later', async () => {
    const inside = await openTarget(newFile());
    let begun = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow: SyncTarget = {
      id: async () => {
        begun++;
        await released;
        return inside.id();
      },
      cursor: (origin) => inside.cursor(origin),
      unknown: (leaves) => inside.unknown(leaves),
      push: (batch) => inside.push(batch),
      pull: (request) => inside.pull(request),
      cosign: (note) => inside.cosign(note),
      subscribe: (signal) => inside.subscribe(signal),
      close: () => inside.close(),
    };
    const server = await serveHub(slow);
    onTestFinished(server.stop);
    const target = await openTarget(server.url, { token: server.token ?? '' });
    const outcomes = Array.from({ length: 100 }, () =>
      target.id().then(
        () => 'answered',
        (error: SyncError) => `${error.code} ${error.retryAfterMs}`,
      ),
    );
    // Those for whom there is no room are answered before anybody has finished.
    await Promise.race(outcomes);
    expect(begun).toBe(4);
    release();
    const settled = await Promise.all(outcomes);
    const refused = settled.filter((outcome) => outcome === 'SYNC_UNREACHABLE 1000').length;
    expect(settled.filter((outcome) => outcome === 'answered').length).toBe(100 - refused);
    expect(refused).toBeGreaterThan(0);
    expect(begun).toBe(100 - refused);
  });

  it('stores nothing of what is no batch, and goes on', async () => {
    const unavailable: string[] = [];
    const server = await serveHub(newFile(), {
      hub: { bodyBytes: 200_000, onUnavailable: ({ code }) => unavailable.push(code) },
    });
    onTestFinished(server.stop);
    const authorization = `Bearer ${server.token}`;
    const post = async (
      method: string,
      body: string | Buffer,
      headers: Record<string, string> = {},
    ): Promise<string> => {
      const response = await fetch(`${server.url}/sync/v1/${method}`, {
        method: 'POST',
        body,
        headers: { authorization, 'content-type': 'application/json', ...headers },
      });
      const { error } = (await response.json()) as { error?: { code: string } };
      return `${response.status} ${error?.code}`;
    };
    const leaf = '1'.repeat(64);
    const change = {
      kind: 'saved',
      table: 'receipts',
      id: 'r',
      content: '{"receiptId":"r"}',
      parent: null,
      leaves: [],
      redactedLeaves: [],
      reason: null,
    };
    const batchOf = (changed: object): string =>
      JSON.stringify({
        origin: 'one',
        after: START,
        entries: [{ seq: 1, leaf, change: { ...change, ...changed } }],
      });
    const gzip = { 'content-encoding': 'gzip' };
    const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const refusals: [string, Promise<string>][] = [
      ['400 SYNC_INVALID', post('push', '')],
      ['400 SYNC_INVALID', post('push', 'no JSON')],
      ['400 SYNC_INVALID', post('push', '[]')],
      ['400 SYNC_INVALID', post('push', '{}')],
      ['400 SYNC_INVALID', post('push', '{"origin":"one","after":null,"entries":[]}')],
      ['400 SYNC_INVALID', post('push', `{"origin":"one","after":${JSON.stringify(START)},"entries":{}}`)],
      [
        '400 SYNC_INVALID',
        post('push', `{"origin":"\\u0000","after":${JSON.stringify(START)},"entries":[]}`),
      ],
      ['400 SYNC_INVALID', post('push', deep)],
      ...[
        { content: 'no JSON' },
        { content: '' },
        { content: '[]' },
        { content: 'null' },
        { content: deep },
        { content: '{"receiptId":{"a":1}}' },
        { parent: [leaf] },
        { leaves: 'none' },
        { leaves: [[leaf]] },
        { redactedLeaves: undefined },
        { reason: 7 },
        { id: null },
        { table: '__proto__' },
      ].map((changed): [string, Promise<string>] => ['400 SYNC_INVALID', post('push', batchOf(changed))]),
      [
        '400 SYNC_INVALID',
        post(
          'push',
          gzipSync(
            JSON.stringify({
              origin: 'one',
              after: START,
              entries: Array.from({ length: 1001 }, (_, index) => ({ seq: index + 1, leaf, change: null })),
            }),
          ),
          gzip,
        ),
      ],
      ['400 SYNC_INVALID', post('unknown', '{"leaves":["%"]}')],
      ['400 SYNC_INVALID', post('cursor', '{"origin":7}')],
      ['400 SYNC_INVALID', post('pull', '{"origin":"one","after":0,"pushId":null,"limit":100000}')],
      ['400 SYNC_INVALID', post('pull', '{"origin":"one","after":"0","pushId":{},"limit":1}')],
      ['400 SYNC_INVALID', post('push', 'no gzip', gzip)],
      ['415 SYNC_INVALID', post('push', batchOf({}), { 'content-encoding': 'br' })],
      ['415 SYNC_INVALID', post('push', batchOf({}), { 'content-type': 'text/plain' })],
      ['413 SYNC_INVALID', post('push', gzipSync(' '.repeat(50_000_000)), gzip)],
      ['413 BODY_TOO_LARGE', post('push', ' '.repeat(200_001))],
    ];
    for (const [expected, outcome] of refusals) expect(await outcome).toBe(expected);
    const target = await openTarget(server.url, { token: server.token ?? '' });
    expect(await target.cursor('one')).toEqual(START);
    const { changes } = await target.pull({ origin: 'other', after: 0, pushId: null, limit: 10 });
    expect(changes).toEqual([]);
    // A row of a size that the hub does not take is named as what it is.
    const large = { ...change, content: JSON.stringify({ noise: noise(300_000) }) } as const;
    const entries = [{ seq: 1, leaf, change: large as never }];
    expect(await failureOf(target.push({ origin: 'one', after: START, entries }))).toMatchObject({
      code: 'SYNC_INVALID',
      message: expect.stringContaining('too large'),
    });
    expect(await post('push', batchOf({}))).toBe('200 undefined');
    expect(await target.cursor('one')).toEqual({ seq: 1, chain: chainAfter(START.chain, leaf) });
    expect(unavailable).toEqual([]);
  });

  it('tells its operator, and not its callers, why its database cannot be used', async () => {
    const url = await cluster.newSchema();
    const user = 'hub_user';
    await cluster.query(`CREATE ROLE ${user} LOGIN SUPERUSER`);
    const seen: SyncError[] = [];
    const server = await serveHub(url.replace('postgres://postgres@', `postgres://${user}@`), {
      hub: { onUnavailable: (error) => seen.push(error) },
    });
    onTestFinished(server.stop);
    const target = await openTarget(server.url, { token: server.token ?? '' });
    await target.cursor('one');
    await cluster.query(`ALTER ROLE ${user} NOLOGIN`);
    await cluster.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);
    for (let times = 0; times < 2; times++) {
      await target.id();
      const failure = await failureOf(target.cursor('one'));
      expect(failure).toMatchObject({ code: 'SYNC_UNREACHABLE', retryAfterMs: 5000 });
      expect(failure.message).not.toContain(user);
    }
    expect(seen).toHaveLength(1);
    await cluster.query(`ALTER ROLE ${user} LOGIN`);
    expect(await target.cursor('one')).toEqual(START);
  });
});

it('loses nothing, and stores nothing twice, over connections that are cut', async () => {
  const server = await serveHub(newFile());
  onTestFinished(server.stop);
  // Every fourth request, as each of them in turn: a synchronisation begins with three that only ask. Then the way is good.
  let requests = 0;
  const way = await cuttingWay(server.port, () => {
    requests++;
    if (requests > 60 || requests % 4 !== 0) return 'never';
    return requests % 8 === 0 ? 'before' : 'after';
  });
  onTestFinished(() => way.close());
  await using from = await openPersistence({ storage: 'memory' });
  await using to = await openPersistence({ storage: 'memory' });
  const target = await openTarget(way.url, { token: server.token ?? '' });
  const receipts = Array.from({ length: 2200 }, (_, index) => ({
    executionId: `execution ${index}`,
    agentId: 'a',
    agentType: 't',
    receipt: { index },
  }));
  await from.saveReceipts(receipts);
  for (const [index, database] of [from, to].entries())
    await database.saveMemory({ agentId: 'shared', agentType: 't', memory: { index } });
  for (const database of [from, to, from, to]) await untilDone(database, target);
  expect(way.cuts).toBe(15);
  const rowsOf = async (database: Persistence): Promise<unknown> => [
    await database.queryReceipts({ limit: 100_000 }),
    await database.queryMemory({}),
    await database.queryAuditTrail({ limit: 100_000 }),
  ];
  expect(await rowsOf(to)).toEqual(await rowsOf(from));
  expect((await to.queryReceipts({ limit: 100_000 })).length).toBe(receipts.length);
});

async function untilDone(database: Persistence, target: SyncTarget): Promise<void> {
  for (;;) {
    try {
      await new Synchroniser(database, target).synchronise();
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: 'SYNC_UNREACHABLE' });
    }
  }
}

it('may be a file with any other name', () => {
  for (const name of ['./hub.example:7080', 'hub.example', 'C:hub.db'])
    expect(checkStoredLocation(name)).toBe(path.resolve(name));
});

it('is named by an address without secrets, which is stored in one form', () => {
  expect(checkStoredLocation('HTTP://LocalHost:7080/')).toBe('http://localhost:7080');
  expect(checkStoredLocation('https://hub.example/team/')).toBe('https://hub.example/team');
  for (const wrong of [
    'http://',
    'http://user@host',
    'http://:secret@host',
    'https://host/?token=secret',
    'https://host/#secret',
    'ftp://host/hub',
    'hub.example:7080',
    '127.0.0.1:7080/hub',
    '[::1]:7080',
    ' https://hub.example',
  ]) {
    expect(() => checkStoredLocation(wrong)).toThrowError(
      expect.objectContaining({
        code: 'SYNC_TARGET_INVALID',
        message: expect.not.stringContaining('secret'),
      }),
    );
  }
});

/** Makes a text that gzip does not make smaller. */
function noise(characters: number): string {
  let chain = START.chain;
  let text = '';
  while (text.length < characters) text += chain = chainAfter(chain, START.chain);
  return text;
}
