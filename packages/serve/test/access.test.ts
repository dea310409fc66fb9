/** What is refused, by whom it is asked, and what it costs: Host, Origin, token, path, method, sizes, numbers. */
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openPersistence } from '@ggen-sim/core';
import { RateLimit } from '../src/access/rate-limit.ts';
import { serveDatabase, type Route } from '../src/index.ts';
import { codeOf, serveForAll, serveNew } from './support/served-database.ts';

const echo: Route = {
  methods: ['POST'],
  path: '/echo',
  async handle({ readBody, response }) {
    response.end(await readBody());
  },
};

const page: Route = {
  methods: ['GET'],
  path: '/app/*',
  access: 'public',
  handle: ({ below, response }) => void response.end(JSON.stringify(below)),
};

/** The server of every test that needs no options of its own. */
const common = await serveForAll({ routes: [page], limits: { publicRequestsPerSecond: 10_000 } });

describe('Host, against DNS rebinding', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '[::1].evil',
    'a b',
  ])('refuses %j, also with the token', async (host) => {
    const { request } = common;
    const answer = await request('/changes', { headers: { host } });
    expect([400, 403]).toContain(answer.status);
    expect(answer.text).not.toContain('retry');
  });

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1:9', '[::1]:7', '192.0.2.7'])('accepts %j', async (host) => {
    const { request } = common;
    expect((await request('/healthz', { headers: { host } })).status).toBe(200);
  });

  it('accepts a name that was allowed, and refuses two Host headers', async () => {
    const { request, server } = await serveNew({ allowedHosts: ['ggen.internal'] });
    expect((await request('/healthz', { headers: { host: 'GGEN.internal:8080' } })).status).toBe(200);
    // Through a proxy with TLS, a page has another scheme; not under another name.
    for (const [host, origin, status] of [
      ['ggen.internal', 'https://GGEN.internal', 200],
      ['ggen.internal', 'https://localhost', 403],
      ['ggen.internal:8080', 'https://ggen.internal', 403],
      ['localhost', 'https://localhost', 403],
      ['127.0.0.1', 'https://127.0.0.1', 403],
    ] as const)
      expect((await request('/healthz', { headers: { host, origin } })).status, origin).toBe(status);
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });
});

describe('Origin, against pages of other sites', () => {
  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'https://localhost' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  ])('refuses %j, also with the token', async (headers) => {
    const { request } = common;
    const answer = await request('/changes', { headers });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'FOREIGN_ORIGIN']);
  });

  it('accepts its own origin, and a link to what holds no data', async () => {
    const { request, server } = common;
    expect((await request('/healthz', { headers: { origin: server.url } })).status).toBe(200);
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await request('/app/', { headers: link, hasToken: false })).status).toBe(200);
  });
});

describe('Origin, for pages that are allowed', () => {
  const app = 'https://app.example';
  const shared: Route = {
    methods: ['POST'],
    path: '/shared',
    crossOrigin: true,
    handle: ({ response }) => void response.end('{}'),
  };

  it('lets them ask, call and read one kind of routes, with the token', async () => {
    const { request } = await serveNew({ allowedOrigins: [app], routes: [shared] });
    const asked = {
      origin: app,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const preflight = (path: string, headers: object) =>
      request(path, { method: 'OPTIONS', headers: { ...asked, ...headers }, hasToken: false });
    const allowed = await preflight('/shared', {});
    expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([204, app]);
    expect(allowed.headers['access-control-allow-headers']).toContain('authorization');
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    const answer = await request('/shared', { method: 'POST', headers: { origin: app } });
    expect([answer.status, answer.headers['access-control-allow-origin'], answer.headers.vary]).toEqual([
      200,
      app,
      'Origin',
    ]);
    // The page has to see why it is refused.
    const without = await request('/shared', { method: 'POST', headers: { origin: app }, hasToken: false });
    expect([without.status, without.headers['access-control-allow-origin']]).toEqual([401, app]);
    for (const origin of [
      'http://app.example',
      'https://app.example.evil',
      'https://app.example:1',
      'null',
    ]) {
      for (const refused of [
        await preflight('/shared', { origin }),
        await request('/shared', { method: 'POST', headers: { origin } }),
      ])
        expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    }
    for (const path of ['/changes', '/stop', '/healthz', '/nothing']) {
      for (const refused of [await preflight(path, {}), await request(path, { headers: { origin: app } })])
        expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    }
    expect((await preflight('/shared', { host: 'evil.example' })).status).toBe(403);
  });

  it.each(['app.example', 'https://app.example/', 'https://APP.example', 'null', '*', ''])(
    'does not start with %j',
    async (origin) => {
      await using database = await openPersistence({ storage: 'memory' });
      await expect(serveDatabase(database, { allowedOrigins: [origin] })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    },
  );
});

describe('tokens with scopes', () => {
  it('are enough for the routes that name one of theirs, and for nothing else', async () => {
    const [one, other] = ['1'.repeat(32), '2'.repeat(32)];
    const { request } = await serveNew({
      scopedTokens: [
        { token: one, scopes: ['a'] },
        { token: other, scopes: ['b', 'c'] },
      ],
      routes: [
        { ...page, access: 'token', path: '/of-a', scopes: ['a'] },
        { ...page, access: 'token', path: '/of-both', scopes: ['a', 'b'] },
      ],
    });
    const statusOf = async (path: string, token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      return (await request(path, { headers, hasToken: false })).status;
    };
    for (const [path, ...statuses] of [
      ['/of-a', 200, 403],
      ['/of-both', 200, 200],
      ['/changes', 403, 403],
      ['/nothing', 403, 403],
      ['/healthz', 200, 200],
    ] as const)
      expect([path, await statusOf(path, one), await statusOf(path, other)]).toEqual([path, ...statuses]);
    expect(await statusOf('/of-a', `${one}1`)).toBe(401);
    expect((await request('/of-a')).status).toBe(200);
    await using database = await openPersistence({ storage: 'memory' });
    const scopedTokens = [{ token: 'short', scopes: ['a'] }];
    await expect(serveDatabase(database, { scopedTokens })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('token', () => {
  it.each([
    undefined,
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    `Bearer ${'A'.repeat(43)}`,
    'Basic dXNlcjpwYXNz',
    `bearer  ${'ä'.repeat(40)}`,
  ])('refuses %j', async (authorization) => {
    const { request } = common;
    const headers =
      authorization === undefined ? {} : { authorization: Buffer.from(authorization).toString('latin1') };
    for (const path of ['/changes', '/stop', '/nothing']) {
      const answer = await request(path, { headers, hasToken: false });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHORIZED']);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  it('refuses a token with more or less at its ends, and one in the address', async () => {
    const { request, server } = common;
    const { token } = server;
    for (const wrong of [
      `${token}A`,
      `A${token}`,
      token?.slice(1),
      token?.slice(0, -1),
      token?.toUpperCase(),
    ]) {
      const headers = { authorization: `Bearer ${wrong}` };
      expect((await request('/nothing', { headers, hasToken: false })).status).toBe(401);
    }
    expect((await request(`/nothing?token=${token}&access_token=${token}`, { hasToken: false })).status).toBe(
      401,
    );
    expect((await request('/nothing')).status).toBe(404);
  });

  it('is needed, with TLS, where other machines reach the server, and long enough to be one', async () => {
    await using database = await openPersistence({ storage: 'memory' });
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'ggen.example']) {
      await expect(serveDatabase(database, { host, token: null })).rejects.toMatchObject({
        code: 'ADDRESS_REFUSED',
        message: expect.stringContaining('without a token') as unknown,
      });
      await expect(serveDatabase(database, { host })).rejects.toMatchObject({
        code: 'ADDRESS_REFUSED',
        message: expect.stringContaining('without TLS') as unknown,
      });
    }
    await expect(serveDatabase(database, { token: 'short' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(serveDatabase(database, { port: 70_000 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect((await database.stats()).receiptsTotal).toBe(0);
  });

  it('is not needed without one, but Host and Origin are still checked', async () => {
    const { request } = await serveNew({ token: null });
    expect((await request('/nothing')).status).toBe(404);
    expect((await request('/nothing', { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    expect((await request('/nothing', { headers: { host: 'evil.example' } })).status).toBe(403);
  });
});

it.each([
  '/../etc/passwd',
  '/app/../stop',
  '/app/%2e%2e/stop',
  '/app/..%2fstop',
  '/app/a%5c..%5cb',
  '/app/a%00b',
  '/app//a',
  '/app/%',
  '/app/%ff',
  '//evil.example/app',
  'http://evil.example/app',
  '/app/./a',
])('refuses the path %j', async (path) => {
  const { request } = common;
  const answer = await request(path);
  expect([answer.status, codeOf(answer)]).toEqual([400, 'INVALID_PATH']);
});

it('gives a route for a folder the decoded segments below it', async () => {
  const { request } = common;
  expect((await request('/app/a%20b/%C3%A9?x=/../')).text).toBe('["a b","é"]');
});

it('tells the methods of a path, and answers HEAD without a body', async () => {
  const { request } = common;
  const wrong = await request('/changes', { method: 'DELETE' });
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD']);
  expect((await request('/changes', { method: 'OPTIONS' })).status).toBe(405);
  for (const path of ['/healthz', '/changes']) {
    expect(await request(path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  }
});

it('refuses large bodies, by their length and as they arrive, and large headers', async () => {
  const { request, server, authorized } = await serveNew({
    routes: [echo],
    limits: { bodyBytes: 1000, headerBytes: 2000 },
  });
  expect((await request('/echo', { method: 'POST', body: 'x'.repeat(1000) })).text).toBe('x'.repeat(1000));
  const tooLarge = await request('/echo', { method: 'POST', body: 'x'.repeat(1001) });
  expect([tooLarge.status, codeOf(tooLarge)]).toEqual([413, 'BODY_TOO_LARGE']);
  // Without a length, and without an end.
  const sent = http.request(`${server.url}/echo`, { method: 'POST', headers: authorized });
  sent.on('error', () => undefined);
  sent.write('x'.repeat(600));
  sent.write('x'.repeat(600));
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  expect(response.statusCode).toBe(413);
  sent.destroy();
  expect((await request('/healthz', { headers: { 'x-long': 'x'.repeat(2000) } })).status).toBe(431);
});

it('bounds connections, and requests a second, those without a token apart from the others', async () => {
  const { request, server } = await serveNew({
    limits: { connections: 2, requestsPerSecond: 3, publicRequestsPerSecond: 2 },
  });
  const statuses: number[] = [];
  for (let sent = 0; sent < 8; sent += 1)
    statuses.push((await request('/nothing', { hasToken: false })).status);
  expect(statuses).toContain(401);
  expect(statuses).toContain(429);
  expect((await request('/nothing')).status).toBe(404);
  const answers = await Promise.all(Array.from({ length: 2 }, () => request('/nothing')));
  expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  const sockets = Array.from({ length: 3 }, () =>
    net.connect(server.port, '127.0.0.1').on('error', () => undefined),
  );
  await Promise.any(sockets.map((socket) => once(socket, 'close')));
  for (const socket of sockets) socket.destroy();
});

it('forgets the addresses that have waited longest, so that those of an attacker take no memory', () => {
  const limit = new RateLimit(1, () => 0);
  limit.take('first');
  expect(() => limit.take('first')).toThrow('Too many requests');
  for (let address = 0; address < 9_999; address += 1) limit.take(String(address));
  expect(() => limit.take('first')).toThrow('Too many requests');
  limit.take('one more');
  limit.take('first');
  expect(() => limit.take('one more')).toThrow('Too many requests');
});

it.each([
  ['headers', 'POST /echo HTTP/1.1\r\nHost: localhost\r\n'],
  ['a body', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nslow'],
])('cuts off who sends %s without an end', async (_, beginning) => {
  const { server } = await serveNew({ routes: [echo], token: null, limits: { receiveMs: 100 } });
  const socket = net.connect(server.port, '127.0.0.1');
  socket.write(beginning);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 408 /);
  if (!socket.closed) await once(socket, 'close');
});

it('answers with 503 when a route takes too long, and tells the route', async () => {
  let aborted: Promise<unknown> | undefined;
  const endless: Route = {
    methods: ['GET'],
    path: '/endless',
    handle: ({ signal }) => {
      aborted = once(signal, 'abort');
    },
  };
  const { request } = await serveNew({ routes: [endless], limits: { answerMs: 20 } });
  const answer = await request('/endless');
  expect([answer.status, codeOf(answer)]).toEqual([503, 'TIME_LIMIT']);
  await aborted;
});

it('answers with errors of the database by their codes, and with no words of other errors', async () => {
  const failing: Route[] = [
    {
      methods: ['GET'],
      path: '/missing',
      handle: async ({ database }) => void (await database.getReceipt({ executionId: 'none' })),
    },
    {
      methods: ['GET'],
      path: '/bug',
      handle: () => {
        throw new Error('a secret');
      },
    },
  ];
  const { request } = await serveNew({ routes: failing });
  const missing = await request('/missing');
  expect([missing.status, codeOf(missing)]).toEqual([404, 'NOT_FOUND']);
  const bug = await request('/bug');
  expect([bug.status, codeOf(bug)]).toEqual([500, 'INTERNAL']);
  expect(bug.text).not.toContain('secret');
});

it('lets no browser keep, frame, guess or share an answer', async () => {
  const { request } = common;
  for (const path of ['/healthz', '/nothing', '//']) {
    expect((await request(path)).headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
  }
});
