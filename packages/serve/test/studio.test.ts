/** The page's server: its files, and the connection for its calls. */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence, type ConnectionState } from '@ggen-sim/core';
import { SUBPROTOCOL, tokenProtocol } from '@ggen-sim/core/remote';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { serveStudio, type RunningStudio, type StudioOptions } from '../src/index.ts';
import { createFolder } from './support/served-database.ts';

/** Serves a new database and a small page. */
async function start(options: Partial<StudioOptions> = {}): Promise<RunningStudio> {
  const folder = createFolder();
  const pageFolder = path.join(folder, 'page');
  fs.mkdirSync(path.join(pageFolder, 'assets'), { recursive: true });
  fs.writeFileSync(path.join(pageFolder, 'index.html'), '<!doctype html>the page');
  fs.writeFileSync(path.join(pageFolder, 'assets/code.js'), 'code()');
  fs.writeFileSync(path.join(pageFolder, '_headers'), "/*\n  Content-Security-Policy: default-src 'self'\n");
  fs.writeFileSync(path.join(folder, 'outside.js'), 'secret');
  const database = await openPersistence({ storage: 'file', path: path.join(folder, 'ggen.db') });
  const studio = await serveStudio(database, { pageFolder, ...options });
  onTestFinished(() => studio.stop());
  return studio;
}

/** Tries to connect. @returns `open`, a status code of a refused request, or the code of the end */
async function connect(
  studio: RunningStudio,
  protocols: string[],
  headers = {},
  at = '/rpc',
): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${studio.port}${at}`, protocols, { headers });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('error', () => undefined);
    socket.on('close', resolve);
    // A connection that the server does not end answers a call.
    socket.on('open', () => socket.ping());
    socket.on('pong', () => setImmediate(resolve, 'open'));
  });
}

it('answers the files of the page, each by its name, with the headers of its build, to everyone', async () => {
  const { url } = await start();
  for (const [name, text, type] of [
    ['/', '<!doctype html>the page', 'text/html; charset=utf-8'],
    ['/index.html', '<!doctype html>the page', 'text/html; charset=utf-8'],
    ['/assets/code.js', 'code()', 'text/javascript; charset=utf-8'],
  ] as const) {
    const answer = await fetch(url + name);
    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([
      200,
      text,
      type,
    ]);
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'self'");
  }
  for (const name of [
    '/assets',
    '/_headers',
    '/outside.js',
    '/assets/..%2f..%2foutside.js',
    '/%00',
    '/ggen.db',
  ]) {
    const answer = await fetch(url + name);
    expect([400, 401, 404], name).toContain(answer.status);
    expect(await answer.text()).not.toContain('secret');
  }
});

it('takes the calls of who has the token, under its own name and from its own page', async () => {
  const studio = await start({ allowedHosts: ['studio.internal'] });
  const right = [SUBPROTOCOL, tokenProtocol(studio.token ?? '')];
  expect(await connect(studio, right)).toBe('open');
  expect(await connect(studio, right, { origin: studio.url })).toBe('open');
  const port = String(studio.port);
  const named = { host: `studio.internal:${port}`, origin: `http://studio.internal:${port}` };
  expect(await connect(studio, right, named)).toBe('open');
  expect(await connect(studio, [SUBPROTOCOL])).toBe(4401);
  expect(await connect(studio, [SUBPROTOCOL, tokenProtocol('x'.repeat(43))])).toBe(4401);
  const refused = [
    { host: `rebound.example:${port}` },
    { host: `rebound.example:${port}`, origin: `http://rebound.example:${port}` },
    { origin: 'http://rebound.example' },
    { origin: `http://localhost:${port}` },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of refused)
    expect(await connect(studio, right, headers), JSON.stringify(headers)).toBe(403);
  expect([401, 404]).toContain(await connect(studio, right, {}, '/changes'));
  expect([401, 404]).toContain(await connect(studio, right, {}, '/other'));
});

it('has a limit of connections, and others go on', async () => {
  const studio = await start({ limits: { streams: 1 } });
  const options = { storage: 'remote', url: `${studio.url}/rpc`, token: studio.token ?? '' } as const;
  await using first = await openPersistence(options);
  expect(await connect(studio, [SUBPROTOCOL, tokenProtocol(studio.token ?? '')])).toBe(1013);
  expect((await first.stats()).receiptsTotal).toBe(0);
});

it('stops although pages are connected, and tells them', async () => {
  const studio = await start({ isWritable: true });
  const states: ConnectionState[] = [];
  const db = await openPersistence({
    storage: 'remote',
    url: `${studio.url}/rpc`,
    token: studio.token ?? '',
    onConnection: (state) => void states.push(state),
  });
  onTestFinished(() => db.close());
  await db.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: '{}' });
  await studio.stop();
  await expect
    .poll(() => states[0])
    .toEqual({ isConnected: false, reason: 'The server has stopped', isRetrying: true });
});
