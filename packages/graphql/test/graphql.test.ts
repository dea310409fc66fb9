/** Operations on a database in memory: what they read and save, and what is refused before it runs. */
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { getIntrospectionQuery, type ExecutionResult } from 'graphql';
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

const aliases = (count: number, field: string): string =>
  Array.from({ length: count }, (_, n) => `a${n}: ${field}`).join(' ');

const deep = (levels: number): string =>
  `{ __schema { types ${'{ ofType '.repeat(levels)}{ name }${' }'.repeat(levels)} } }`;

it.each([
  ['depth', deep(20)],
  [
    'depth by fragments',
    `{ __schema { types { ...a } } } ${Array.from({ length: 20 }, (_, n) => `fragment f${n} on __Type { ofType { ...${n === 19 ? 'end' : `f${n + 1}`} } }`).join(' ')} fragment end on __Type { name } fragment a on __Type { ...f0 }`,
  ],
  ['eleven checks by aliases', `{ ${aliases(11, 'verify { ok }')} }`],
  ['eleven pages', `{ ${aliases(11, 'receipts { nodes { status } }')} }`],
  [
    'eleven documents by a fragment',
    `{ ...f } fragment f on Query { ${aliases(11, 'receiptJson(receiptId: "r")')} }`,
  ],
  ['eleven histories', `{ ... { ${aliases(11, 'memoryHistory(agentId: "a") { version }')} } }`],
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

it('bounds the size of an answer, with each alias, and of each event anew', async () => {
  const database = await databaseWith(0);
  for (let n = 0; n < 5; n += 1) {
    await database.saveReceipt({
      executionId: `big-${n}`,
      agentId: 'a',
      agentType: 't',
      receipt: { text: 'x'.repeat(2000) },
    });
    await database.saveMemory({ agentId: 'a', agentType: 't', memory: `${n}` });
  }
  const limited = { maxAnswerCharacters: 9000 };
  expect(await codes(database, '{ receipts(first: 3) { nodes { receiptJson } } }', limited)).toEqual([]);
  for (const query of [
    '{ receipts { nodes { receiptJson } } }',
    `{ receipts(first: 1) { nodes { ${aliases(5, 'receiptJson')} } } }`,
    // Null in every row, and one error.
    `{ receipts { nodes { ${aliases(400, 'durationMs')} } } }`,
    `{ memoryHistory(agentId: "a") { ${aliases(400, 'version')} } }`,
    `{ ${aliases(5, 'receiptJson(executionId: "big-0")')} }`,
  ])
    expect(await codes(database, query, limited), query.slice(0, 40)).toEqual(['ANSWER_TOO_LARGE']);
  const events = (fields: string): AsyncGenerator<ExecutionResult> =>
    subscribeGraphql(
      database,
      {
        query: `subscription { changes(after: "0", tables: "receipts") { row { ... on Receipt { ${fields} } } } }`,
      },
      limited,
    );
  let seen = 0;
  for await (const { errors } of events(aliases(3, 'receiptJson'))) {
    expect(errors).toBeUndefined();
    seen += 1;
    if (seen === 5) break;
  }
  for await (const { errors } of events(aliases(5, 'receiptJson'))) {
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['ANSWER_TOO_LARGE']);
    break;
  }
});

it('reads and saves nothing more once the signal has fired', async () => {
  const database = await databaseWith(1);
  const reading = new AbortController();
  const query = '{ stats { receiptsTotal } receipts { totalCount } }';
  const read = codes(database, query, { signal: reading.signal });
  reading.abort();
  expect(await read).toEqual(['ABORTED']);
  const writing = new AbortController();
  const saved = await codes(
    database,
    `mutation { ${aliases(3, 'logAudit(agentId: "a", operation: "x", status: STARTED) { auditId }')} }`,
    {
      isWritable: true,
      signal: writing.signal,
      agentThatWrites(given) {
        writing.abort();
        return given;
      },
    },
  );
  expect([saved, await database.countAuditTrail()]).toEqual([['ABORTED'], 1]);
});

it('tells the code where only the number of rows cannot be read', async () => {
  const database = await databaseWith(1);
  // Closed between the page and the number of rows.
  const closing = new Proxy(database, {
    get(target, name) {
      if (name === 'countReceipts') return () => target.close().then(() => target.countReceipts());
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  expect(await codes(closing, '{ receipts { totalCount } }')).toEqual(['CLOSED']);
});

it('takes null for the default of an argument', async () => {
  const database = await databaseWith(2);
  const found = await data(
    database,
    `{
      receipts(order: null, first: null) { nodes { executionId } }
      analytics(period: null) { period }
      timeSeries(table: null, period: null) { series { group } }
    }`,
  );
  expect(found).toMatchObject({
    receipts: { nodes: [{ executionId: 'exec-1' }, { executionId: 'exec-0' }] },
  });
  const mutation = `mutation {
    saveReceipt(executionId: "e", agentId: "a", agentType: null, status: null, receiptJson: "{}") { created }
    saveMemory(agentId: "a", agentType: null, memoryJson: "{}", ifVersion: 0) { version }
  }`;
  await data(database, mutation, { isWritable: true });
  const [receipt] = await database.queryReceipts({ execution: 'e' });
  expect([receipt?.status, receipt?.agentType]).toEqual(['success', 'agent']);
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
