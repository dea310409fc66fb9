/** Operations on a database in memory: what they read and save, and what is refused before it runs. */
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { getIntrospectionQuery } from 'graphql';
import { expect, it, onTestFinished } from 'vitest';
import { runGraphql, subscribeGraphql, type GraphqlOptions } from '../src/index.ts';

async function databaseWith(receipts: number): Promise<Persistence> {
  const database = await openPersistence({ storage: 'memory', changeLog: true });
  onTestFinished(() => database.close());
  for (let n = 0; n < receipts; n += 1)
    await database.saveReceipt({
      executionId: `exec-${n}`,
      agentId: n % 2 === 0 ? 'even' : 'odd',
      agentType: 'test',
      receipt: { n },
      durationMs: 3_000_000_000 + n,
    });
  return database;
}

async function data(database: Persistence, query: string, options?: GraphqlOptions): Promise<unknown> {
  const { data: found, errors } = await runGraphql(database, { query }, options);
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(found));
}

async function codes(database: Persistence, query: string, options?: GraphqlOptions): Promise<unknown[]> {
  const { errors = [] } = await runGraphql(database, { query }, options);
  return errors.map(({ extensions, message }) => extensions['code'] ?? message);
}

it('pages through the rows that pass the filters of every query', async () => {
  const database = await databaseWith(5);
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const { data: found } = await runGraphql(database, {
      query: `query ($after: String) {
        receipts(filter: { agentExact: "even", where: "$.n >= 0" }, order: OLDEST_FIRST, first: 2, after: $after) {
          nodes { executionId durationMs } pageInfo { hasNextPage endCursor } totalCount
        }
      }`,
      variables: { after },
    });
    const { receipts } = found as {
      receipts: {
        nodes: { executionId: string }[];
        pageInfo: { endCursor: string | null; hasNextPage: boolean };
        totalCount: number;
      };
    };
    expect(receipts.totalCount).toBe(3);
    seen.push(...receipts.nodes.map(({ executionId }) => executionId));
    expect(receipts.pageInfo.hasNextPage).toBe(receipts.pageInfo.endCursor !== null);
    after = receipts.pageInfo.endCursor;
  } while (after !== null);
  expect(seen).toEqual(['exec-0', 'exec-2', 'exec-4']);
});

it('reads documents, reports and the check of the database', async () => {
  const database = await databaseWith(2);
  await database.saveMemory({ agentId: 'even', agentType: 'test', memory: '{ "step": 1 }' });
  await database.logAudit({ agentId: 'even', operation: 'render', status: 'completed', durationMs: 5 });
  const found = await data(
    database,
    `{
      receiptJson(executionId: "exec-0")
      memoryJson(agentId: "even")
      memoryHistory(agentId: "even") { version sizeBytes }
      memories { nodes { agentId version } }
      auditTrail(filter: { operation: "ren*", status: "completed" }) { nodes { operation status } }
      stats { receiptsTotal }
      analytics { agentMetrics { agentId totalOperations } }
      timeSeries(by: AGENT, bucket: DAY, period: LAST_24_HOURS) { series { group total { count p50DurationMs } } }
      verify { ok problems { message } }
    }`,
  );
  expect(found).toMatchObject({
    receiptJson: '{"n":0}',
    memoryJson: '{ "step": 1 }',
    memoryHistory: [{ version: 1, sizeBytes: 13 }],
    memories: { nodes: [{ agentId: 'even', version: 1 }] },
    auditTrail: { nodes: [{ operation: 'render', status: 'completed' }] },
    stats: { receiptsTotal: 2 },
    analytics: { agentMetrics: [{ agentId: 'even', totalOperations: 1 }] },
    timeSeries: { series: [{ group: 'even', total: { count: 1 } }] },
    verify: { ok: true, problems: [] },
  });
});

it('saves only where it may, and in the name of the agent that it is bound to', async () => {
  const database = await databaseWith(0);
  const save = (agent: string, ifVersion: number): string =>
    `mutation { saveMemory(${agent} memoryJson: "{}", ifVersion: ${ifVersion}) { version } }`;
  expect(await codes(database, save('agentId: "a"', 0))).toEqual(['READ_ONLY']);
  const writable = { isWritable: true };
  expect(await codes(database, save('', 0), writable)).toEqual(['INVALID_ARGUMENT']);
  expect(await data(database, save('agentId: "a"', 0), writable)).toEqual({ saveMemory: { version: 1 } });
  expect(await codes(database, save('agentId: "a"', 0), writable)).toEqual(['VERSION_CONFLICT']);
  const bound = { isWritable: true, agent: 'coder' };
  expect(await codes(database, save('agentId: "a"', 1), bound)).toEqual(['FORBIDDEN_AGENT']);
  await data(
    database,
    `mutation {
      saveReceipt(executionId: "e", receiptJson: "{ }") { receiptId created }
      logAudit(operation: "x", status: STARTED) { auditId }
    }`,
    bound,
  );
  expect((await database.queryReceipts()).map(({ agentId, receiptJson }) => [agentId, receiptJson])).toEqual([
    ['coder', '{ }'],
  ]);
  expect((await database.queryAuditTrail()).map(({ agentId, status }) => [agentId, status])).toEqual([
    ['coder', 'started'],
  ]);
  expect(await database.getMemory('a')).toBe('{}');
});

it('reports errors of the database by their code', async () => {
  const database = await databaseWith(1);
  expect(await codes(database, '{ receiptJson(executionId: "none") }')).toEqual(['NOT_FOUND']);
  expect(await codes(database, '{ receiptJson }')).toEqual(['INVALID_ARGUMENT']);
  expect(await codes(database, '{ receipts(first: 101) { totalCount } }')).toEqual(['INVALID_ARGUMENT']);
  expect(await codes(database, '{ receipts(after: "wrong") { totalCount } }')).toEqual(['INVALID_ARGUMENT']);
  const { errors } = await runGraphql(database, { query: '{ nothing }' });
  expect(errors?.[0]?.message).toContain('Cannot query field "nothing"');
});

const deep = (levels: number): string =>
  `{ __schema { types ${'{ ofType '.repeat(levels)}{ name }${' }'.repeat(levels)} } }`;

it.each([
  ['depth', deep(20)],
  [
    'depth by fragments',
    `{ __schema { types { ...a } } } ${Array.from({ length: 20 }, (_, n) => `fragment f${n} on __Type { ofType { ...${n === 19 ? 'end' : `f${n + 1}`} } }`).join(' ')} fragment end on __Type { name } fragment a on __Type { ...f0 }`,
  ],
  [
    'eleven checks by aliases',
    `{ ${Array.from({ length: 11 }, (_, n) => `a${n}: verify { ok }`).join(' ')} }`,
  ],
  [
    'eleven pages',
    `{ ${Array.from({ length: 11 }, (_, n) => `a${n}: receipts { nodes { status } }`).join(' ')} }`,
  ],
  [
    'fragments that double',
    `{ stats { ...f0 } } ${Array.from({ length: 40 }, (_, n) => `fragment f${n} on Stats { ...${n === 39 ? 'end' : `f${n + 1}`} ...${n === 39 ? 'end' : `f${n + 1}`} }`).join(' ')} fragment end on Stats { receiptsTotal }`,
  ],
  ['a long document', `{ stats { receiptsTotal } } #${'x'.repeat(70_000)}`],
])('refuses %s before anything is read', async (_, query) => {
  const database = await databaseWith(0);
  expect(await codes(database, query)).toContain('QUERY_TOO_LARGE');
});

it('refuses many tokens and a fragment within itself', async () => {
  const database = await databaseWith(0);
  const [tokens] = await codes(database, '{'.repeat(3000));
  const [many] = await codes(database, `{ stats { ${'receiptsTotal '.repeat(3000)} } }`);
  expect([tokens, many]).toEqual([expect.any(String), expect.stringContaining('token')]);
  expect(await codes(database, '{ stats { ...f } } fragment f on Stats { ...f }')).not.toEqual([]);
});

it('answers introspection', async () => {
  const found = (await data(await databaseWith(0), getIntrospectionQuery())) as {
    __schema: { types: { name: string }[] };
  };
  expect(found.__schema.types.map(({ name }) => name)).toContain('ReceiptFilter');
});

it('bounds the size of an answer', async () => {
  const database = await databaseWith(0);
  for (let n = 0; n < 5; n += 1)
    await database.saveReceipt({
      executionId: `big-${n}`,
      agentId: 'a',
      agentType: 't',
      receipt: { text: 'x'.repeat(4 * 1024 * 1024) },
    });
  expect(await codes(database, '{ receipts { nodes { receiptJson } } }')).toEqual(['ANSWER_TOO_LARGE']);
  expect(await codes(database, '{ receipts(first: 2) { nodes { status } } }')).toEqual([]);
});

it('follows the change log from now, or after an event, until the signal fires', async () => {
  const database = await databaseWith(1);
  const control = new AbortController();
  const query =
    'subscription ($after: String) { changes(after: $after, kinds: "receipt.saved") { id seq kind row { ... on Receipt { executionId } } } }';
  const first: unknown[] = [];
  for await (const result of subscribeGraphql(database, { query, variables: { after: '0' } })) {
    first.push(
      (JSON.parse(JSON.stringify(result)) as { data: { changes: { row: unknown } } }).data.changes.row,
    );
    break;
  }
  expect(first).toEqual([{ executionId: 'exec-0' }]);
  const results = subscribeGraphql(database, { query }, { signal: control.signal });
  const next = results.next();
  // The subscription begins at the end of the log once it has been asked for; a save before it would not be its event.
  let saved = 1;
  const timer = setInterval(() => {
    saved += 1;
    void database.saveReceipt({ executionId: `exec-${saved}`, agentId: 'a', agentType: 't', receipt: {} });
  }, 50);
  const { value } = await next;
  clearInterval(timer);
  expect(JSON.stringify(value)).toMatch(/receipt.saved/u);
  control.abort();
  for await (const result of results) expect(result).toHaveProperty('data');
});
