/** MCP over HTTP, by the official client against a real server: sessions, identity, what is refused. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { serveDatabase, type Route, type RunningServer, type ServeOptions } from '@ggen-sim/serve';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { expect, it, onTestFinished, vi } from 'vitest';
import { mcpRoute, type McpRouteOptions } from '../src/index.ts';
import { endWhenStalled } from '../src/stalled-stream.ts';

interface Served {
  readonly database: Persistence;
  readonly server: RunningServer;
  readonly headers: Readonly<Record<string, string>>;
}

async function serve(options: ServeOptions = {}, route: McpRouteOptions = {}): Promise<Served> {
  const database = await openPersistence({ storage: 'memory', changeLog: true });
  const server = await serveDatabase(database, {
    isWritable: true,
    ...options,
    routes: [mcpRoute(route)],
  });
  onTestFinished(() => server.stop());
  return { database, server, headers: { authorization: `Bearer ${server.token}` } };
}

async function connect({ server, headers }: Served, query = ''): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const url = new URL(`${server.url}/mcp${query}`);
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

async function codeOf(
  client: Client,
  name: string,
  input: Record<string, unknown>,
): Promise<string | undefined> {
  const { structuredContent } = await client.callTool({ name, arguments: input });
  return (structuredContent as { error?: { code: string } }).error?.code;
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

/** Sends what no client sends. */
async function post({ server, headers }: Served, body: string, more: Record<string, string> = {}) {
  return fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...more,
    },
    body,
  });
}

it('serves several clients on one database, and tells each what the others save', async () => {
  const served = await serve();
  const [writer, reader] = [await connect(served), await connect(served)];
  const updated = new Promise<string>((resolve) =>
    reader.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri)),
  );
  await reader.subscribeResource({ uri: 'ggen-sim://memory/coder' });
  const save = { agentId: 'coder', memory: { step: 1 }, ifVersion: 0 };
  expect(await codeOf(writer, 'memory_save', save)).toBeUndefined();
  expect(await updated).toBe('ggen-sim://memory/coder');
  expect(await codeOf(reader, 'memory_save', save)).toBe('VERSION_CONFLICT');
  expect(await served.database.getMemory({ agentId: 'coder' })).toBe('{"step":1}');
});

it('only reads unless the server may write', async () => {
  const served = await serve({ isWritable: false });
  const client = await connect(served);
  const { tools } = await client.listTools();
  expect(tools.some(({ annotations }) => annotations?.readOnlyHint === false)).toBe(false);
  expect(await codeOf(client, 'audit_log', { agentId: 'a', operation: 'x', status: 'started' })).toBe(
    'READ_ONLY',
  );
  expect(await served.database.countAuditTrail()).toBe(0);
});

it('writes in the name of the agent in the address, or of the server, and of no other', async () => {
  const served = await serve();
  const client = await connect(served, '?agent=coder');
  const entry = { operation: 'x', status: 'started' };
  expect(await codeOf(client, 'audit_log', { ...entry, agentId: 'admin' })).toBe('FORBIDDEN_AGENT');
  expect(await codeOf(client, 'audit_log', entry)).toBeUndefined();
  expect((await served.database.queryAuditTrail()).map(({ agentId }) => agentId)).toEqual(['coder']);
  const begun = await post(served, JSON.stringify(initialize));
  const session = begun.headers.get('mcp-session-id') ?? '';
  const other = await fetch(`${served.server.url}/mcp?agent=admin`, {
    method: 'DELETE',
    headers: { ...served.headers, 'mcp-session-id': session },
  });
  expect(other.status).toBe(403);
  const bound = await serve({ agent: 'coder' });
  await expect(connect(bound, '?agent=admin')).rejects.toThrow(/FORBIDDEN_AGENT/);
  expect(await codeOf(await connect(bound), 'audit_log', { ...entry, agentId: 'admin' })).toBe(
    'FORBIDDEN_AGENT',
  );
});

it('ends the session that was used least lately, and those that are idle', async () => {
  const served = await serve({}, { sessions: 2, idleMs: 50 });
  const begin = async (): Promise<string> => {
    const answer = await post(served, JSON.stringify(initialize));
    expect(answer.status).toBe(200);
    return answer.headers.get('mcp-session-id') ?? '';
  };
  const ping = async (session: string): Promise<number> =>
    (
      await post(served, '{"jsonrpc":"2.0","id":2,"method":"ping"}', {
        'mcp-session-id': session,
        'mcp-protocol-version': '2025-06-18',
      })
    ).status;
  const first = await begin();
  await expect.poll(() => ping(first), { interval: 200, timeout: 20_000 }).toBe(404);
  const lasting = await serve({}, { sessions: 2 });
  const sessions: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const answer = await post(lasting, JSON.stringify(initialize));
    sessions.push(answer.headers.get('mcp-session-id') ?? '');
  }
  const statuses = await Promise.all(
    sessions.map(async (session) => {
      const answer = await post(lasting, '{"jsonrpc":"2.0","id":2,"method":"ping"}', {
        'mcp-session-id': session,
        'mcp-protocol-version': '2025-06-18',
      });
      return answer.status;
    }),
  );
  expect(statuses).toEqual([404, 200, 200]);
});

it('ends a session when the client asks, and streams when the server stops', async () => {
  const served = await serve();
  const client = await connect(served);
  const transport = client.transport as StreamableHTTPClientTransport;
  const ping = '{"jsonrpc":"2.0","id":2,"method":"ping"}';
  const old = { 'mcp-session-id': transport.sessionId ?? '' };
  expect((await post(served, ping, old)).status).toBe(200);
  await transport.terminateSession();
  expect((await post(served, ping, old)).status).toBe(404);
  const begun = await post(served, JSON.stringify(initialize));
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' };
  const call = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  expect((await post(served, JSON.stringify([call, call]), session)).status).toBe(400);
  const stream = await fetch(`${served.server.url}/mcp`, {
    headers: {
      ...served.headers,
      accept: 'text/event-stream',
      ...session,
      'mcp-protocol-version': '2025-06-18',
    },
  });
  expect(stream.status).toBe(200);
  const ended = stream.text();
  await served.server.stop();
  expect(await ended).not.toContain('event: message');
});

it('keeps nothing of the answers of a session', async () => {
  const handle = vi.spyOn(StreamableHTTPServerTransport.prototype, 'handleRequest');
  onTestFinished(() => handle.mockRestore());
  const served = await serve();
  const begun = await post(served, JSON.stringify(initialize));
  await begun.text();
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' };
  for (let id = 0; id < 100; id += 1) {
    const answer = await post(served, JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' }), session);
    expect(await answer.text()).toContain('"result"');
  }
  const [transport] = handle.mock.contexts as unknown as readonly {
    readonly _webStandardTransport: { readonly _streamMapping: ReadonlyMap<string, unknown> };
  }[];
  expect(transport?._webStandardTransport._streamMapping.size).toBe(0);
});

it('lets no refused request end the stream of its session', async () => {
  const served = await serve();
  const begun = await post(served, JSON.stringify(initialize));
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' };
  const uri = 'ggen-sim://memory/coder';
  const subscribe = { jsonrpc: '2.0', id: 2, method: 'resources/subscribe', params: { uri } };
  await (await post(served, JSON.stringify(subscribe), session)).text();
  const get = (accept: string, method = 'GET') =>
    fetch(`${served.server.url}/mcp`, { method, headers: { ...served.headers, ...session, accept } });
  const stream = await get('text/event-stream');
  const refused = [
    await get('text/event-stream'),
    await get('application/json'),
    await get('text/event-stream', 'HEAD'),
  ];
  for (const answer of refused) await answer.text();
  expect(refused.map(({ status }) => status)).toEqual([409, 406, 405]);
  await served.database.saveMemory({ agentId: 'coder', agentType: 't', memory: { step: 1 } });
  let received = '';
  for await (const chunk of stream.body ?? []) {
    received += Buffer.from(chunk as Uint8Array).toString('utf8');
    if (received.includes(uri)) break;
  }
  expect(received).toContain('notifications/resources/updated');
});

it('ends a session whose end nobody waits for', async () => {
  const database = await openPersistence({ storage: 'memory', changeLog: true });
  const route = mcpRoute({ sessions: 1 });
  let onHandled: () => void = () => undefined;
  const handled = new Promise<void>((resolve) => (onHandled = resolve));
  const impatient: Route = {
    ...route,
    async handle(exchange) {
      if (exchange.request.method === 'DELETE') {
        exchange.response.destroy();
        await once(exchange.response, 'close');
      }
      await route.handle(exchange);
      if (exchange.request.method === 'DELETE') onHandled();
    },
  };
  const server = await serveDatabase(database, { routes: [impatient] });
  onTestFinished(() => server.stop());
  const served = { database, server, headers: { authorization: `Bearer ${server.token}` } };
  const begun = await post(served, JSON.stringify(initialize));
  const session = begun.headers.get('mcp-session-id') ?? '';
  const ended = fetch(`${server.url}/mcp`, {
    method: 'DELETE',
    headers: { ...served.headers, 'mcp-session-id': session },
  });
  await expect(ended).rejects.toThrow('fetch failed');
  await handled;
  expect((await post(served, JSON.stringify(initialize), { 'mcp-session-id': session })).status).toBe(404);
  expect((await post(served, JSON.stringify(initialize))).status).toBe(200);
});

it.each([
  ['no JSON', 'nonsense', 400],
  ['a batch', JSON.stringify([initialize, initialize]), 400],
  ['a call without a session', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', 400],
  ['a session that does not exist', JSON.stringify(initialize), 404],
  ['a giant message', 'x'.repeat(5 * 1024 * 1024), 413],
  ['a deep message', `${'['.repeat(1e5)}${']'.repeat(1e5)}`, 400],
  [
    'a deep argument',
    `{"jsonrpc":"2.0","id":1,"method":"initialize","params":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}}`,
    400,
  ],
])('refuses %s, and goes on', async (what, body, status) => {
  const served = await serve();
  const more: Record<string, string> = what.startsWith('a session') ? { 'mcp-session-id': 'none' } : {};
  expect((await post(served, body, more)).status).toBe(status);
  expect((await (await connect(served)).listTools()).tools).not.toEqual([]);
});

it('refuses who has no token, and pages of other sites', async () => {
  const served = await serve();
  expect((await post(served, JSON.stringify(initialize), { authorization: 'Bearer wrong' })).status).toBe(
    401,
  );
  expect((await post(served, JSON.stringify(initialize), { origin: 'http://evil.example' })).status).toBe(
    403,
  );
});

it('cuts the stream of a reader that takes nothing', async () => {
  const server = http.createServer((_, response) => {
    const stop = endWhenStalled(response, 100);
    response.once('close', stop);
    response.write(Buffer.alloc(64 * 1024 * 1024));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, http.ServerResponse];
  await once(response, 'close');
  expect(response.writableFinished).toBe(false);
});
