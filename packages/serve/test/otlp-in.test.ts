/** Spans that come in: from OpenTelemetry's own exporter, again, of another agent, and hostile ones. */
import { gzipSync } from 'node:zlib';
import { SpanKind, SpanStatusCode, TraceFlags, type Attributes } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { expect, it, onTestFinished } from 'vitest';
import type { ServeOptions } from '../src/index.ts';
import { storeSpans } from '../src/otlp/received-spans.ts';
import { codeOf, serveNew, type Served } from './support/served-database.ts';

const serve = (options: ServeOptions = {}): Promise<Served> => serveNew({ isWritable: true, ...options });

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** A span as the SDK hands it to an exporter. */
function span(spanId: string, name: string, attributes: Attributes, error?: string): ReadableSpan {
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ traceId: TRACE_ID, spanId, traceFlags: TraceFlags.SAMPLED }),
    startTime: [1_790_000_000, 0],
    endTime: [1_790_000_001, 500_000_000],
    duration: [1, 500_000_000],
    ended: true,
    status:
      error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes,
    links: [],
    events: [],
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    instrumentationScope: { name: 'test' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

type TraceExporter = JsonTraceExporter | ProtobufTraceExporter;

const sendTo = (exporter: TraceExporter, spans: ReadableSpan[]): Promise<number> =>
  new Promise((resolve) => exporter.export(spans, ({ code }) => resolve(code)));

it.each([
  ['JSON', JsonTraceExporter],
  ['protobuf', ProtobufTraceExporter],
])('stores what an SDK exports in %s, once', async (_, Exporter) => {
  const served = await serve();
  const { server, authorized } = served;
  const exporterOf = (compression: CompressionAlgorithm): TraceExporter =>
    new Exporter({
      url: `${server.url}/v1/traces`,
      headers: { ...authorized },
      compression,
    });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [new BatchSpanProcessor(exporterOf(CompressionAlgorithm.NONE))],
  });
  provider.getTracer('test').startSpan('checkout').end();
  await provider.shutdown();
  const exporter = exporterOf(CompressionAlgorithm.GZIP);
  const spans = [
    span('b7ad6b7169203331', 'invoke_agent planner', {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': 'planner',
      'gen_ai.input.messages': 'a secret plan',
      'gen_ai.retrieval.query.text': 'a secret plan',
      'traceloop.entity.output': 'a secret plan',
      'llm.input_messages.0.message.content': 'a secret plan',
      'output.value': 'a secret plan',
      tokens: 12,
    }),
    span(
      'b7ad6b7169203332',
      'execute_tool search',
      { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search', 'gen_ai.agent.id': 'planner' },
      'no network',
    ),
  ];
  for (let time = 0; time < 2; time += 1) expect(await sendTo(exporter, spans)).toBe(0);
  const { database } = served;
  const rows = await database.queryAuditTrail({ days: 9999, order: 'oldest-first' });
  const shown = rows.map(({ agentId, operation, operationType, status, durationMs, errorMessage }) => [
    agentId,
    operation,
    operationType,
    status,
    durationMs,
    errorMessage,
  ]);
  expect(shown).toHaveLength(3);
  expect(shown).toContainEqual(['planner', 'invoke_agent planner', 'invoke_agent', 'completed', 1500, null]);
  expect(shown).toContainEqual(['planner', 'search', 'execute_tool', 'failed', 1500, 'no network']);
  expect(shown).toContainEqual(['shop', 'checkout', 'span', 'completed', expect.any(Number), null]);
  expect(JSON.stringify(rows)).not.toContain('secret plan');
  const [receipt] = await database.queryReceipts();
  expect(await database.countReceipts()).toBe(1);
  expect(receipt).toMatchObject({
    executionId: `${TRACE_ID}/b7ad6b7169203331`,
    agentId: 'planner',
    status: 'success',
    durationMs: 1500,
  });
  expect(await database.verify()).toMatchObject({ ok: true });
});

it.each([
  ['JSON', JsonLogExporter],
  ['protobuf', ProtobufLogExporter],
])('stores events of Claude Code, and lines of logs, that an SDK exports in %s', async (_, Exporter) => {
  const { server, authorized, database } = await serve();
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'claude-code' }),
  });
  const headers = { ...authorized };
  provider.addLogRecordProcessor(
    new BatchLogRecordProcessor(new Exporter({ url: `${server.url}/v1/logs`, headers })),
  );
  const logger = provider.getLogger('com.anthropic.claude_code.events');
  const emit = (name: string, attributes: Attributes): void =>
    logger.emit({
      timestamp: [1_790_000_000, 0],
      body: `claude_code.${name}`,
      attributes: { 'event.name': name, 'session.id': 's-1', ...attributes },
    });
  emit('user_prompt', { prompt: 'a secret plan', prompt_length: '13' });
  const tool = { tool_name: 'Bash', tool_parameters: '{"command":"a secret plan"}', duration_ms: '250' };
  emit('tool_result', { ...tool, success: 'true' });
  emit('tool_result', { ...tool, success: 'false', error: 'exit code 1' });
  emit('api_error', { error: 'overloaded', status_code: 529, 'event.sequence': 7 });
  logger.emit({ timestamp: [1_790_000_000, 0], severityNumber: SeverityNumber.INFO, body: 'listening' });
  const inference = { 'event.name': 'gen_ai.client.inference' };
  logger.emit({
    body: { message: 'a secret plan' },
    severityNumber: SeverityNumber.ERROR,
    attributes: inference,
  });
  await provider.shutdown();
  const rows = await database.queryAuditTrail({ days: 9999 });
  const shown = rows.map((row) => [
    row.operation,
    row.operationType,
    row.status,
    row.durationMs,
    row.errorMessage,
  ]);
  expect(shown.toSorted()).toEqual([
    ['Bash', 'tool_result', 'completed', 250, null],
    ['Bash', 'tool_result', 'failed', 250, 'exit code 1'],
    ['api_error', 'event', 'failed', 0, 'overloaded'],
    ['gen_ai.client.inference', 'event', 'failed', 0, null],
    ['log', 'log', 'completed', 0, null],
    ['user_prompt', 'event', 'completed', 0, null],
  ]);
  const times = rows.filter(({ operation }) => operation === 'Bash').map(({ timestamp }) => timestamp);
  expect(times).toEqual(['2026-09-21 14:13:20', '2026-09-21 14:13:20']);
  const text = JSON.stringify(rows);
  expect(text).not.toContain('secret plan');
  for (const kept of ['claude-code', 'listening', String.raw`\"session.id\":\"s-1\"`, 'prompt_length'])
    expect(text).toContain(kept);
});

it('stores a log record that is sent again once, and one without a time as of now', async () => {
  const { request: send, database } = await serve();
  const logRecords = [
    { body: { stringValue: 'one' }, eventName: 'e' },
    { body: { stringValue: 'two' }, timeUnixNano: 'x' },
    7,
  ];
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  for (let time = 0; time < 2; time += 1) {
    const answer = await send('/v1/logs', { method: 'POST', headers, body });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      { partialSuccess: { rejectedLogRecords: '2', errorMessage: 'timeUnixNano must be nanoseconds' } },
    ]);
  }
  const rows = await database.queryAuditTrail({ days: 1 });
  expect(rows.map(({ operation, details }) => [operation, details])).toEqual([
    ['e', '{"event":"e","attributes":{}}'],
  ]);
});

it('makes a receipt of no log record, whatever it is named', async () => {
  const { request: send, database } = await serve();
  const attributes = [{ key: 'gen_ai.tool.name', value: { stringValue: 'Bash' } }];
  const logRecords = [{ eventName: 'invoke_agent', attributes, timeUnixNano: '1790000000000000000' }];
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  const headers = { 'content-type': 'application/json' };
  const answer = await send('/v1/logs', { method: 'POST', headers, body });
  expect([answer.status, JSON.parse(answer.text)]).toEqual([200, {}]);
  expect(await database.countAuditTrail({ days: 9999 })).toBe(1);
  expect(await database.countReceipts()).toBe(0);
});

it('skips a field of protobuf that has another wire type than it should', async () => {
  const { server, authorized, database } = await serve();
  const inField = (number: number, bytes: readonly number[]): number[] => [
    (number << 3) | 2,
    bytes.length,
    ...bytes,
  ];
  // A time as a number of variable length, where eight bytes are expected, and a name.
  const record = [0x08, 0x05, ...inField(12, [...Buffer.from('named')])];
  const answer = await fetch(`${server.url}/v1/logs`, {
    method: 'POST',
    headers: { ...authorized, 'content-type': 'application/x-protobuf' },
    body: Uint8Array.from(inField(1, inField(2, inField(2, record)))),
  });
  expect(answer.status).toBe(200);
  const rows = await database.queryAuditTrail({ days: 1 });
  expect(rows.map(({ operation }) => operation)).toEqual(['named']);
});

it('answers protobuf in protobuf: what it rejected, and why it refused', async () => {
  const {
    request: send,
    server,
    authorized,
    database,
  } = await serve({
    agent: 'planner',
    limits: { bodyBytes: 100_000 },
  });
  const post = async (body: Uint8Array, more: Record<string, string> = {}): Promise<[number, Buffer]> => {
    const answer = await fetch(`${server.url}/v1/traces`, {
      method: 'POST',
      headers: { ...authorized, 'content-type': 'application/x-protobuf', ...more },
      body: Buffer.from(body),
    });
    expect(answer.headers.get('content-type')).toBe('application/x-protobuf');
    return [answer.status, Buffer.from(await answer.arrayBuffer())];
  };
  const serialized = (...spans: ReadableSpan[]): Uint8Array =>
    ProtobufTraceSerializer.serializeRequest(spans) ?? Uint8Array.of();
  const mine = span('b7ad6b7169203331', 'mine', { list: ['left', 'out'] });
  const admin = span('b7ad6b7169203332', 'theirs', { 'gen_ai.agent.id': 'admin' });
  const [status, partial] = await post(serialized(mine, admin));
  const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(partial);
  expect([status, String(partialSuccess?.rejectedSpans), partialSuccess?.errorMessage]).toEqual([
    200,
    '1',
    'This server writes as planner, not as admin',
  ]);
  expect(await post(Uint8Array.of())).toEqual([200, Buffer.alloc(0)]);
  const whole = serialized(mine);
  // Field 3 of the request, of another version, is skipped.
  expect((await post(Buffer.concat([whole, Buffer.from('1a0161', 'hex')])))[0]).toBe(200);
  for (const [body, headers, refused] of [
    [whole.subarray(0, -1), {}, 400],
    [Buffer.from('0affffffff7f', 'hex'), {}, 400],
    [Buffer.from('0b'.repeat(20_000), 'hex'), {}, 400],
    [whole, { 'content-encoding': 'gzip' }, 400],
    [whole, { 'content-encoding': 'br' }, 415],
    [gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }, 413],
    [Buffer.alloc(100_001), {}, 413],
  ] as const) {
    const [answered, reply] = await post(body, headers);
    expect(answered).toBe(refused);
    // A google.rpc.Status: field 1 is a code, field 2 its message.
    expect([reply[0], reply[2]]).toEqual([0x08, 0x12]);
  }
  for (const type of ['text/plain', 'application/x-protobufs', 'application/grpc', ''])
    expect(
      (await send('/v1/traces', { method: 'POST', headers: { 'content-type': type }, body: 'x' })).status,
    ).toBe(415);
  expect(await database.countAuditTrail({ days: 9999 })).toBe(1);
});

const request = (...spans: object[]): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const right = {
  traceId: TRACE_ID,
  spanId: 'b7ad6b7169203331',
  name: 'right',
  startTimeUnixNano: '1790000000000000000',
  endTimeUnixNano: '1790000001000000000',
};

it('stores the right spans of a request, and tells how many it rejected', async () => {
  const { request: send, database } = await serve({ agent: 'planner' });
  const other = { attributes: [{ key: 'gen_ai.agent.id', value: { stringValue: 'admin' } }] };
  const spans = [
    right,
    { ...right, spanId: '1'.repeat(16), ...other },
    { ...right, spanId: 'short' },
    { ...right, spanId: '2'.repeat(16), traceId: '0'.repeat(32) },
    { ...right, spanId: '3'.repeat(16), endTimeUnixNano: '99999999999999999999' },
    { ...right, spanId: '4'.repeat(16), startTimeUnixNano: 'yesterday' },
    { ...right, spanId: '5'.repeat(16), name: '' },
  ];
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const answer = await send('/v1/traces', { method: 'POST', headers, body: gzipSync(request(...spans)) });
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    200,
    { partialSuccess: { rejectedSpans: '6', errorMessage: 'This server writes as planner, not as admin' } },
  ]);
  const rows = await database.queryAuditTrail({ days: 9999 });
  expect(rows.map(({ agentId, operation }) => [agentId, operation])).toEqual([['planner', 'right']]);
});

it('refuses what is no request, and where it only reads', async () => {
  const { request: send, database } = await serve({ limits: { bodyBytes: 100_000 } });
  const json = { 'content-type': 'application/json' };
  const gzip = { ...json, 'content-encoding': 'gzip' };
  for (const [headers, body, status] of [
    [{ 'content-type': 'text/plain' }, 'x', 415],
    [json, '{', 400],
    [json, 'x'.repeat(100_001), 413],
    [gzip, 'not compressed', 400],
    [gzip, gzipSync(' '.repeat(10_000_000)), 413],
    [json, '['.repeat(50_000), 400],
    [json, `${'['.repeat(40_000)}${']'.repeat(40_000)}`, 200],
    [json, 'null', 200],
    [json, '{"resourceSpans":[{"scopeSpans":[{"spans":{}}]},null,{"scopeSpans":7}]}', 200],
  ] as const)
    expect(
      (await send('/v1/traces', { method: 'POST', headers, body })).status,
      String(body).slice(0, 20),
    ).toBe(status);
  // Without a place for them, exporters of metrics are told so, and do not try again.
  expect((await send('/v1/metrics', { method: 'POST', headers: json, body: '{}' })).status).toBe(404);
  const reading = await serveNew();
  const refused = await reading.request('/v1/traces', {
    method: 'POST',
    headers: json,
    body: request(right),
  });
  expect([refused.status, codeOf(refused)]).toEqual([403, 'READ_ONLY']);
  expect([
    await database.countAuditTrail({ days: 9999 }),
    await reading.database.countAuditTrail({ days: 9999 }),
  ]).toEqual([0, 0]);
});

async function openInMemory(): Promise<Persistence> {
  const database = await openPersistence({ storage: 'memory' });
  onTestFinished(() => database.close());
  return database;
}

const anyAgent = (given: string | undefined): string | undefined => given;

/** Spans of runs, of a service of this name. */
const runs = (count: number, service: string, more: (n: number) => object = () => ({})): unknown => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [
        {
          spans: Array.from({ length: count }, (_, n) => ({
            ...right,
            spanId: (n + 1).toString(16).padStart(16, '0'),
            attributes: [{ key: 'gen_ai.operation.name', value: { stringValue: 'invoke_agent' } }],
            ...more(n),
          })),
        },
      ],
    },
  ],
});

it('bounds what a small request makes of rows', async () => {
  const database = await openInMemory();
  const sent = runs(4, '\u0001'.repeat(4096));
  const few = await storeSpans(database, { request: sent, agentThatWrites: anyAgent, maxRecords: 3 });
  expect(few).toEqual({ rejected: 1, reason: 'More than 3 records are in one request' });
  const [row] = await database.queryAuditTrail({ days: 9999 });
  expect(row?.agentId).toHaveLength(512);
  // The name is escaped in the details, and again in a line of JSON.
  expect(JSON.stringify(row).length).toBeLessThan(15 * 512);
  const large = await storeSpans(await openInMemory(), {
    request: sent,
    agentThatWrites: anyAgent,
    maxCharacters: 10_000,
  });
  expect(large).toEqual({ rejected: 2, reason: 'The rows of a request have more than 10000 characters' });
});

it('stores the runs beside one that is refused, and of a service without a name', async () => {
  const database = await openInMemory();
  const names = ['', undefined, 'planner'];
  const stored = await storeSpans(database, {
    request: runs(3, ''),
    agentThatWrites: () => names.shift(),
  });
  expect(stored).toEqual({ rejected: 1, reason: expect.stringContaining('agentId') });
  const receipts = await database.queryReceipts();
  expect(receipts.map(({ agentId }) => agentId).toSorted()).toEqual(['planner', 'unknown']);
});

it('stores nothing more once the signal fires, and goes on when the request is sent again', async () => {
  const database = await openInMemory();
  const control = new AbortController();
  let asked = 0;
  const agentThatWrites = (given: string | undefined): string | undefined => {
    asked += 1;
    // The last of the second batch.
    if (asked === 1200) control.abort();
    return given;
  };
  const sent = runs(1200, 'shop', (n) => (n < 2 ? {} : { attributes: [] }));
  const { signal } = control;
  await expect(storeSpans(database, { request: sent, agentThatWrites, signal })).rejects.toMatchObject({
    code: 'ABORTED',
  });
  expect(await database.countAuditTrail({ days: 9999 })).toBe(1000);
  await storeSpans(database, { request: sent, agentThatWrites: anyAgent });
  expect([await database.countAuditTrail({ days: 9999 }), await database.countReceipts()]).toEqual([1200, 2]);
});
