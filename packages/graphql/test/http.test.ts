/** GraphQL over HTTP: a query by `fetch`, a subscription by the client of graphql-sse, and what is refused. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net from 'node:net';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { serveDatabase, type RunningServer, type ServeOptions } from '@ggen-sim/serve';
import { createClient } from 'graphql-sse';
import { expect, it, onTestFinished } from 'vitest';
import { graphqlRoute, type GraphqlExchange } from '../src/http.ts';

interface Served {
  readonly database: Persistence;
  readonly server: RunningServer;
  readonly headers: Readonly<Record<string, string>>;
  readonly post: (body: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;
}

/** @param seen - gets each exchange, and may return another one in its place */
async function serve(
  options: ServeOptions = {},
  seen: (exchange: GraphqlExchange, database: Persistence) => GraphqlExchange = (exchange) => exchange,
): Promise<Served> {
  const database = await openPersistence({ storage: 'memory', changeLog: true });
  const route = graphqlRoute();
  const handle = (exchange: GraphqlExchange): Promise<void> => route.handle(seen(exchange, database));
  const server = await serveDatabase(database, { ...options, routes: [{ ...route, handle }] });
  onTestFinished(() => server.stop());
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
  return {
    database,
    server,
    headers,
    post: (body, more = {}) =>
      fetch(`${server.url}/graphql`, { method: 'POST', headers: { ...headers, ...more }, body }),
  };
}

const save = (database: Persistence, executionId: string) =>
  database.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: {} });

it('answers queries, and mutations only with the right to write', async () => {
  const { database, post } = await serve();
  await save(database, 'exec-1');
  const answer = await post(JSON.stringify({ query: '{ receipts { nodes { executionId } } }' }));
  expect(answer.headers.get('content-type')).toContain('json');
  expect(await answer.json()).toEqual({ data: { receipts: { nodes: [{ executionId: 'exec-1' }] } } });
  const mutation = JSON.stringify({
    query:
      'mutation ($agent: String) { logAudit(agentId: $agent, operation: "x", status: STARTED) { auditId } }',
    variables: { agent: 'admin' },
  });
  expect(await (await post(mutation)).text()).toContain('READ_ONLY');
  const newer = await post(mutation, { accept: 'application/graphql-response+json' });
  expect([newer.status, await newer.text()]).toEqual([400, expect.stringContaining('READ_ONLY')]);
  const subscription = JSON.stringify({ query: 'subscription { changes { id } }' });
  expect(await (await post(subscription)).text()).toContain('text/event-stream');
  const bound = await serve({ isWritable: true, agent: 'coder' });
  expect(await (await bound.post(mutation)).text()).toContain('FORBIDDEN_AGENT');
  expect([await database.countAuditTrail(), await bound.database.countAuditTrail()]).toEqual([0, 0]);
  const open = await serve({ isWritable: true });
  expect(await (await open.post(mutation)).text()).toContain('auditId');
});

it('sends the events of a subscription to the official client, from an event on', async () => {
  const { database, server, headers } = await serve();
  await save(database, 'exec-1');
  const client = createClient({ url: `${server.url}/graphql`, headers, retryAttempts: 0 });
  onTestFinished(() => client.dispose());
  const results = client.iterate<{ changes: { row: { executionId: string } } }>({
    query:
      'subscription { changes(after: "0", tables: "receipts") { row { ... on Receipt { executionId } } } }',
  });
  const seen: string[] = [];
  for await (const { data } of results) {
    seen.push(data?.changes.row.executionId ?? '');
    if (seen.length === 1) await save(database, 'exec-2');
    else break;
  }
  expect(seen).toEqual(['exec-1', 'exec-2']);
  const errors: unknown[] = [];
  for await (const result of client.iterate({ query: 'subscription { nothing }' }))
    errors.push(result.errors);
  expect(JSON.stringify(errors)).toContain('Cannot query field');
});

/** Does something in the moment in which the headers of a stream are sent. */
const atHeaders = (exchange: GraphqlExchange, act: () => void): GraphqlExchange => ({
  ...exchange,
  beginEvents() {
    const events = exchange.beginEvents();
    act();
    return events;
  },
});

it('sends what is saved as soon as its reader hears of the stream', async () => {
  const { post } = await serve({}, (exchange, database) =>
    atHeaders(exchange, () => void save(database, 'at-once')),
  );
  const answer = await post(
    JSON.stringify({ query: 'subscription { changes { row { ... on Receipt { executionId } } } }' }),
    { accept: 'text/event-stream' },
  );
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array);
    if (text.includes('event: next')) break;
  }
  expect(text).toContain('at-once');
});

it('keeps the time limit of what is no subscription, which a stream has not', async () => {
  const steps: string[] = [];
  const { post } = await serve({ isWritable: true }, (exchange) => ({
    ...atHeaders(exchange, () => steps.push('stream')),
    agentThatWrites(given) {
      steps.push('save');
      return exchange.agentThatWrites(given);
    },
  }));
  const query = 'mutation { logAudit(agentId: "a", operation: "x", status: STARTED) { auditId } }';
  const answer = await post(JSON.stringify({ query }), { accept: 'text/event-stream' });
  expect(await answer.text()).toMatch(/event: next\ndata: .*auditId.*\n\nevent: complete/u);
  expect(steps).toEqual(['save', 'stream']);
});

it('ends subscriptions when the server stops', async () => {
  const { post, server } = await serve();
  const answer = await post(JSON.stringify({ query: 'subscription { changes { id } }' }), {
    accept: 'text/event-stream',
  });
  expect(answer.status).toBe(200);
  const text = answer.text();
  await server.stop();
  expect(await text).not.toContain('event: next');
});

it.each([
  ['no token', '{"query":"{ stats { receiptsTotal } }"}', { authorization: 'Bearer wrong' }, 401],
  [
    'a page of another site',
    '{"query":"{ stats { receiptsTotal } }"}',
    { origin: 'http://evil.example' },
    403,
  ],
  ['a form', 'query={stats{receiptsTotal}}', { 'content-type': 'text/plain' }, 415],
  [
    'a form that wants events',
    'query={stats{receiptsTotal}}',
    { 'content-type': 'text/plain', accept: 'text/event-stream' },
    415,
  ],
  ['no JSON', '{', {}, 400],
  ['no query', '{}', {}, 400],
  ['a list', '[{"query":"{ stats { receiptsTotal } }"}]', {}, 400],
  ['a giant body', JSON.stringify({ query: `{ ${'a '.repeat(200_000)}}` }), {}, 413],
  ['deep JSON', `{"query":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, {}, 400],
])('refuses %s', async (_, body, headers, status) => {
  const { post } = await serve({ limits: { bodyBytes: 300_000 } });
  expect((await post(body, headers)).status).toBe(status);
});

it('keeps nothing for a subscriber that takes nothing, and disconnects it', async () => {
  let onResponse: (response: ServerResponse) => void;
  const begun = new Promise<ServerResponse>((resolve) => (onResponse = resolve));
  const { database, server } = await serve({ limits: { stalledMs: 300 } }, (exchange) => {
    onResponse(exchange.response);
    return exchange;
  });
  // More than the system takes for the connection: 24 events of 1 MiB, by 16 aliases.
  for (let n = 0; n < 24; n += 1)
    await database.saveReceipt({
      executionId: `exec-${n}`,
      agentId: 'a',
      agentType: 't',
      receipt: { text: 'x'.repeat(64 * 1024) },
    });
  const socket = net.connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  const texts = Array.from({ length: 16 }, (_, n) => `a${n}: receiptJson`).join(' ');
  const body = JSON.stringify({
    query: `subscription { changes(after: "0") { row { ... on Receipt { ${texts} } } } }`,
  });
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${server.token}\r\naccept: text/event-stream\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const response = await begun;
  let mostWaitingBytes = 0;
  const timer = setInterval(() => {
    mostWaitingBytes = Math.max(mostWaitingBytes, response.writableLength);
  }, 20);
  await once(response, 'close');
  clearInterval(timer);
  expect(response.writableFinished).toBe(false);
  // One event, as HTTP sends it.
  expect(mostWaitingBytes).toBeLessThan(3 * 1024 * 1024);
});
