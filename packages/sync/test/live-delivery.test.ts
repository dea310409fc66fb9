/**
 * News of a served hub, with which databases wake each other: no run looks at the target by itself here, since its interval is
 * an hour.
 */
import http from 'node:http';
import type net from 'node:net';
import path from 'node:path';
import { openPersistence } from '@ggen-sim/core';
import type { RunningServer } from '@ggen-sim/serve';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { backgroundSync, openTarget, type SyncTarget } from '../src/index.ts';
import { executionsIn, machine, save, TOKEN, UNTIL } from './machines.ts';
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

async function served(...given: Parameters<typeof serveHub>): Promise<RunningServer> {
  const server = await serveHub(...given);
  onTestFinished(server.stop);
  return server;
}

/** A stream as another program reads it. */
interface Stream {
  readonly status: number;
  /** Everything that has come so far. */
  readonly text: () => string;
  readonly positions: () => number[];
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
}

async function streamOf(url: string, token: string, headers: Record<string, string> = {}): Promise<Stream> {
  const control = new AbortController();
  onTestFinished(() => control.abort());
  const response = await fetch(`${url}/sync/v1/subscribe`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: control.signal,
  });
  let text = '';
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array);
  };
  const ended = read().catch(() => undefined);
  return {
    status: response.status,
    text: () => text,
    positions: () =>
      [...text.matchAll(/^data: \{"position":(\d+)\}$/gm)].map(([, position]) => Number(position)),
    ended,
  };
}

describe('a save', () => {
  it('comes to the other databases by the stream of a hub alone', async () => {
    const { url } = await served(newFile(), { token: TOKEN });
    const [one, two, three] = [await machine(url), await machine(url), await machine(url)];
    await save(one, 'a');
    for (const other of [two, three]) await expect.poll(executionsIn(other), UNTIL).toEqual(['a']);
    await save(two, 'b');
    for (const other of [one, three]) await expect.poll(executionsIn(other), UNTIL).toEqual(['a', 'b']);
  });

  it('comes when the hub is there again, also one that was made while it was away', async () => {
    const hub = newFile();
    const first = await serveHub(hub, { token: TOKEN });
    const { url, port } = first;
    const [one, two] = [await machine(url), await machine(url)];
    await first.stop();
    await save(one, 'while it is away');
    await vi.waitFor(async () => {
      expect((await one.sync.status()).lastError?.code).toBe('SYNC_UNREACHABLE');
    }, UNTIL);
    await served(hub, { token: TOKEN, port });
    await expect.poll(executionsIn(two), UNTIL).toEqual(['while it is away']);
    await save(two, 'afterwards');
    await expect.poll(executionsIn(one), UNTIL).toEqual(['afterwards', 'while it is away']);
  });

  it('comes over a connection that is made again when it was cut', async () => {
    const { port } = await served(newFile(), { token: TOKEN });
    const way = await cuttingWay(port, () => 'never');
    onTestFinished(() => way.close());
    const direct = await machine(`http://127.0.0.1:${port}`);
    const behind = await machine(way.url);
    await save(direct, 'before');
    await expect.poll(executionsIn(behind), UNTIL).toEqual(['before']);
    way.cutAll();
    await save(direct, 'after');
    await expect.poll(executionsIn(behind), UNTIL).toEqual(['after', 'before']);
  });

  it('comes by the looks of a database whose hub has no room for its stream', async () => {
    const { url } = await served(newFile(), { token: TOKEN, hub: { streams: 0 } });
    const one = await machine(url);
    const two = await openPersistence({
      storage: 'memory',
      sync: backgroundSync(url, { token: TOKEN, intervalMs: 50 }),
    });
    onTestFinished(() => two.close());
    await save(one, 'a');
    await expect.poll(executionsIn(two), UNTIL).toEqual(['a']);
  });

  it.each(['a file', 'PostgreSQL'])('comes over %s without a hub, which is looked at', async (kind) => {
    const location = kind === 'a file' ? newFile() : await cluster.newSchema();
    const [one, two] = [await machine(location, { create: true }), await machine(location)];
    await save(one, 'a');
    await expect.poll(executionsIn(two), UNTIL).toEqual(['a']);
  });

  it('wakes each database once at most', async () => {
    const inside = await openTarget(newFile());
    let pulls = 0;
    const counted: SyncTarget = {
      id: () => inside.id(),
      cursor: (origin) => inside.cursor(origin),
      unknown: (leaves) => inside.unknown(leaves),
      push: (batch) => inside.push(batch),
      pull(request) {
        pulls++;
        return inside.pull(request);
      },
      cosign: (note) => inside.cosign(note),
      subscribe: (signal) => inside.subscribe(signal),
      close: () => inside.close(),
    };
    const { url } = await served(counted, { token: TOKEN, limits: { heartbeatMs: 300 } });
    const [one, two] = [await machine(url), await machine(url)];
    const { positions, text } = await streamOf(url, TOKEN);
    await vi.waitFor(() => expect(positions()).toEqual([0]), UNTIL);
    pulls = 0;
    await save(one, 'a');
    await expect.poll(executionsIn(two), UNTIL).toEqual(['a']);
    await save(two, 'b');
    await expect.poll(executionsIn(one), UNTIL).toEqual(['a', 'b']);
    await vi.waitFor(() => expect(positions().at(-1)).toBe(2), UNTIL);
    const beats = (): number => text().split(':\n\n').length;
    const before = beats();
    // Whoever was woken for nothing would have gone on meanwhile.
    await expect.poll(beats, UNTIL).toBeGreaterThan(before + 4);
    // A database is told of its own push as well. It may hear of it before it knows that it has pulled so far.
    expect(pulls).toBeLessThanOrEqual(8);
  });
});

describe('the stream of a hub', () => {
  it('needs a token that may pull, and ends when it is taken away', async () => {
    const [push, pull, kept] = ['p'.repeat(40), 'r'.repeat(40), 'k'.repeat(40)];
    const scoped = (token: string, scope: string): { token: string; scopes: string[] } => ({
      token,
      scopes: [scope],
    });
    const server = await served(newFile(), {
      token: TOKEN,
      scopedTokens: [scoped(push, 'push'), scoped(pull, 'pull'), scoped(kept, 'pull')],
    });
    const { url } = server;
    expect((await streamOf(url, 'x'.repeat(40))).status).toBe(401);
    expect((await streamOf(url, push)).status).toBe(403);
    const streams = [
      await streamOf(url, pull),
      await streamOf(url, kept),
      await streamOf(url, TOKEN),
    ] as const;
    const [removed, ...others] = streams;
    for (const { positions } of streams) await vi.waitFor(() => expect(positions()).toEqual([0]), UNTIL);
    server.setScopedTokens([scoped(kept, 'pull')]);
    await removed.ended;
    const one = await machine(url);
    await save(one, 'a');
    for (const { positions } of others) await vi.waitFor(() => expect(positions()).toEqual([0, 1]), UNTIL);
    expect(removed.positions()).toEqual([0]);
    expect((await streamOf(url, pull)).status).toBe(401);
    // One that may push alone, or is of another tenant, is another token.
    server.setScopedTokens([scoped(kept, 'push')]);
    await others[0]?.ended;
    await server.stop();
    await others[1]?.ended;
  });

  it("tells a tenant of its own pushes, and of nobody else's", async () => {
    const [acme, globex] = ['a'.repeat(40), 'g'.repeat(40)];
    const { url } = await served(await cluster.newSchema('hub'), {
      token: TOKEN,
      scopedTokens: [
        { token: acme, scopes: ['push', 'pull'], tenant: 'acme' },
        { token: globex, scopes: ['push', 'pull'], tenant: 'globex' },
      ],
    });
    const [ofAcme, ofGlobex] = [await streamOf(url, acme), await streamOf(url, globex)];
    for (const { positions } of [ofAcme, ofGlobex])
      await vi.waitFor(() => expect(positions()).toEqual([0]), UNTIL);
    let requests = 0;
    const way = await cuttingWay(Number(new URL(url).port), () => {
      requests++;
      return 'never';
    });
    onTestFinished(() => way.close());
    const [one, two] = [await machine(url, { token: acme }), await machine(url, { token: acme })];
    const other = await machine(way.url, { token: globex });
    const before = requests;
    for (const id of ['a', 'b', 'c']) {
      await save(one, id);
      await vi.waitFor(async () => expect((await one.sync.status()).lagEntries).toBe(0), UNTIL);
    }
    await expect.poll(executionsIn(two), UNTIL).toEqual(['a', 'b', 'c']);
    await vi.waitFor(() => expect(ofAcme.positions().at(-1)).toBe(3), UNTIL);
    expect(requests).toBe(before);
    // Had there been anything for it before, it would have come before this.
    await save(other, 'x');
    await vi.waitFor(() => expect(ofGlobex.positions()).toEqual([0, 1]), UNTIL);
    expect(ofGlobex.text().replace(/^retry: \d+\n\n/, '')).toBe(
      'data: {"position":0}\n\ndata: {"position":1}\n\n',
    );
    await expect.poll(executionsIn(other), UNTIL).toEqual(['x']);
  });

  it('is one of a number, of which a tenant has half', async () => {
    const [acme, globex] = ['a'.repeat(40), 'g'.repeat(40)];
    const { url } = await served(await cluster.newSchema('hub'), {
      token: TOKEN,
      hub: { streams: 4 },
      scopedTokens: [
        { token: acme, scopes: ['pull'], tenant: 'acme' },
        { token: globex, scopes: ['pull'], tenant: 'globex' },
      ],
    });
    for (const [token, status] of [
      [acme, 200],
      [acme, 200],
      [acme, 503],
      [globex, 200],
      [TOKEN, 200],
      [TOKEN, 503],
      [globex, 503],
    ] as const) {
      expect((await streamOf(url, token)).status).toBe(status);
    }
    const target = await openTarget(url, { token: acme });
    const refused = target.subscribe(new AbortController().signal)[Symbol.asyncIterator]().next();
    await expect(refused).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE', retryAfterMs: 30_000 });
    await target.close();
    // What streams cannot be used up: it is that of requests.
    const other = await openTarget(url, { token: acme });
    expect(await other.id()).toMatch(/./);
    await other.close();
  });

  it('gives its place to others when its reader goes', async () => {
    const { url } = await served(newFile(), { token: TOKEN, hub: { streams: 1 } });
    const target = await openTarget(url, { token: TOKEN });
    const positions = target.subscribe(new AbortController().signal)[Symbol.asyncIterator]();
    expect((await positions.next()).value).toBe(0);
    expect((await streamOf(url, TOKEN)).status).toBe(503);
    await target.close();
    await expect.poll(async () => (await streamOf(url, TOKEN)).status, UNTIL).toBe(200);
  });

  it('that is silent is given up', async () => {
    const silent = http.createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"position":7}\n\n');
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const target = await openTarget(`http://127.0.0.1:${(silent.address() as net.AddressInfo).port}`);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const positions = target.subscribe(new AbortController().signal)[Symbol.asyncIterator]();
    expect((await positions.next()).value).toBe(7);
    const failure: Promise<unknown> = positions.next().catch((error: unknown) => error);
    vi.advanceTimersByTime(45_000);
    expect(await failure).toMatchObject({ code: 'SYNC_UNREACHABLE' });
    await target.close();
  });

  it('beats, answers HEAD, and is no stream where there is none', async () => {
    const { url } = await served(newFile(), { token: TOKEN, limits: { heartbeatMs: 5 } });
    const { text } = await streamOf(url, TOKEN);
    await vi.waitFor(() => expect(text()).toMatch(/:\n\n:\n\n/), UNTIL);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const head = await fetch(`${url}/sync/v1/subscribe`, { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    const post = await fetch(`${url}/sync/v1/subscribe`, { method: 'POST', headers });
    expect(post.status).toBe(405);
    // An older hub has no such path: the look remains.
    const older = await served(newFile(), { token: TOKEN, routes: [] });
    const target = await openTarget(older.url, { token: TOKEN });
    const none = target.subscribe(new AbortController().signal)[Symbol.asyncIterator]().next();
    await expect(none).rejects.toMatchObject({ code: 'SYNC_TARGET_INVALID' });
    await target.close();
  });

  it('ends when its database cannot be used, which its operator hears of once', async () => {
    const url = await cluster.newSchema();
    const user = 'live_user';
    await cluster.query(`CREATE ROLE ${user} LOGIN SUPERUSER`);
    const seen: string[] = [];
    const server = await served(url.replace('postgres://postgres@', `postgres://${user}@`), {
      token: TOKEN,
      hub: { onUnavailable: ({ code }) => seen.push(code) },
    });
    const stream = await streamOf(server.url, TOKEN);
    await vi.waitFor(() => expect(stream.positions()).toEqual([0]), UNTIL);
    await cluster.query(`ALTER ROLE ${user} NOLOGIN`);
    await cluster.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);
    await stream.ended;
    expect((await streamOf(server.url, TOKEN)).status).toBe(503);
    expect(seen).toEqual(['SYNC_UNREACHABLE']);
    await cluster.query(`ALTER ROLE ${user} LOGIN`);
    expect((await streamOf(server.url, TOKEN)).status).toBe(200);
  });
});
