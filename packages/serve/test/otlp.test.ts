/** Export of spans: against OpenTelemetry's own serializer, repeatable, and with collectors that are busy or refuse. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { expect, it, onTestFinished } from 'vitest';
import { exportSpans } from '../src/index.ts';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface SentRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SentSpan['attributes'] };
    readonly scopeSpans: readonly { readonly scope: object; readonly spans: readonly SentSpan[] }[];
  }[];
}

/** A real server in place of a collector. */
async function collector(
  answers: readonly [status: number, body?: string, headers?: Record<string, string>][] = [],
) {
  const requests: {
    readonly headers: http.IncomingHttpHeaders;
    readonly url: string;
    readonly body: SentRequest;
  }[] = [];
  const waiting = [...answers];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as SentRequest;
      requests.push({ headers: request.headers, url: request.url ?? '', body });
      const [status, text = '{}', headers = {}] = waiting.shift() ?? [200];
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const spans = (): SentSpan[] =>
    requests.flatMap(({ body }) =>
      body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans)),
    );
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, spans };
}

async function openMemory(): Promise<Persistence> {
  const clock = (): Date => new Date('2026-01-31T12:00:00Z');
  const database = await openPersistence({ storage: 'memory', clock });
  onTestFinished(() => database.close());
  return database;
}

const receipt = { agentId: 'agent-1', agentType: 'validation', receipt: '{"secret":"kept"}' } as const;

it('sends what the serializer of OpenTelemetry makes of the same spans', async () => {
  const database = await openMemory();
  await database.saveReceipt({ ...receipt, executionId: 'run-1', durationMs: 1500, status: 'error' });
  const { endpoint, requests, spans } = await collector();
  await exportSpans(database, { endpoint: `${endpoint}/`, headers: { 'x-key': 'k' } });
  expect(requests[0]).toMatchObject({
    url: '/v1/traces',
    headers: { 'content-type': 'application/json', 'x-key': 'k' },
  });
  const [sent] = spans();
  if (sent === undefined) throw new Error('nothing was sent');
  const context = { traceId: sent.traceId, spanId: sent.spanId, traceFlags: TraceFlags.SAMPLED };
  const endS = Date.UTC(2026, 0, 31, 12) / 1000;
  const [row] = await database.queryReceipts();
  const official: ReadableSpan = {
    name: 'invoke_agent agent-1',
    kind: SpanKind.INTERNAL,
    spanContext: () => context,
    startTime: [endS - 2, 500_000_000],
    endTime: [endS, 0],
    duration: [1, 500_000_000],
    status: { code: SpanStatusCode.ERROR },
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': 'agent-1',
      'gen_ai.agent.name': 'agent-1',
      'error.type': '_OTHER',
      'ggen_sim.agent.type': 'validation',
      'ggen_sim.execution.id': 'run-1',
      'ggen_sim.receipt.id': row?.receiptId ?? '',
      'ggen_sim.receipt.status': 'error',
    },
    links: [],
    events: [],
    ended: true,
    resource: resourceFromAttributes({ 'service.name': 'ggen-sim' }),
    instrumentationScope: { name: '@ggen-sim/serve', version: '0' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  const bytes = JsonTraceSerializer.serializeRequest([official]);
  const expected = JSON.parse(new TextDecoder().decode(bytes)) as SentRequest;
  const wanted = expected.resourceSpans[0]?.scopeSpans[0]?.spans[0];
  // What the serializer writes and we leave out is 0 or empty, which is the same (proto3).
  expect(wanted).toMatchObject(sent);
  const left = Object.entries(wanted ?? {}).filter(([name]) => !(name in sent));
  expect(
    left.every(
      ([, value]) => value === 0 || (Array.isArray(value) && value.length === 0) || value === undefined,
    ),
  ).toBe(true);
  expect(requests[0]?.body.resourceSpans[0]?.resource.attributes).toContainEqual({
    key: 'service.name',
    value: { stringValue: 'ggen-sim' },
  });
  expect(JSON.stringify(requests[0]?.body)).not.toContain('kept');
});

it('makes the spans of an execution one trace, the same in each export, and goes on after an event', async () => {
  const database = await openMemory();
  const details = '{"execution_id":"run-1"}';
  await database.logAudit({ agentId: 'agent-1', operation: 'parse', status: 'started', details });
  await database.logAudit({
    agentId: 'agent-1',
    operation: 'parse',
    status: 'completed',
    durationMs: 7,
    details,
  });
  await database.logAudit({
    agentId: 'agent-1',
    operation: 'other',
    status: 'failed',
    details: '[',
    errorMessage: 'why',
  });
  await database.saveReceipt({ ...receipt, executionId: 'run-1' });
  await database.saveMemory({ agentId: 'agent-1', agentType: 't', memory: '1' });
  await database.saveMemory({ agentId: 'agent-1', agentType: 't', memory: '2' });
  const { endpoint, spans } = await collector();
  const report = await exportSpans(database, { endpoint });
  expect(report).toMatchObject({ spans: 5, eventsWithoutSpan: 1, spansRejected: 0 });
  const [parse, other, run, first, second] = spans();
  expect(parse).toMatchObject({
    name: 'execute_tool parse',
    traceId: run?.traceId,
    parentSpanId: run?.spanId,
  });
  expect(other).toMatchObject({ name: 'execute_tool other', status: { code: 2, message: 'why' } });
  expect(other?.traceId).not.toBe(run?.traceId);
  expect(first?.name).toBe('update_memory agent-1');
  expect(second?.spanId).not.toBe(first?.spanId);
  for (const { traceId, spanId, endTimeUnixNano, startTimeUnixNano } of spans()) {
    expect([traceId, spanId]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    ]);
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  }
  const before = spans();
  await exportSpans(database, { endpoint });
  expect(spans().slice(before.length)).toEqual(before);
  const after = report.after ?? '';
  expect(await exportSpans(database, { endpoint, after })).toMatchObject({ spans: 0, after });
  for (const position of [6, 'latest'])
    expect(await exportSpans(database, { endpoint, after: position })).toMatchObject({ spans: 0, after });
  expect(await exportSpans(await openMemory(), { endpoint })).toMatchObject({ spans: 0, after: null });
  await database.saveReceipt({ ...receipt, executionId: 'run-2' });
  expect(await exportSpans(database, { endpoint, after })).toMatchObject({ spans: 1 });
});

it('asks a busy collector again, counts what it rejects, and says where to go on when it refuses', async () => {
  const database = await openMemory();
  const ids = Array.from({ length: 501 }, (_, index) => `run-${index}`);
  await database.saveReceipts(ids.map((executionId) => Object.assign({ executionId }, receipt)));
  const busy = await collector([[503], [200, '{"partialSuccess":{"rejectedSpans":"3"}}']]);
  const report = await exportSpans(database, { endpoint: busy.endpoint });
  expect(report).toMatchObject({ spans: 501, spansRejected: 3 });
  expect(busy.requests).toHaveLength(3);
  const refusing = await collector([[200], [400, 'no room']]);
  const withKey = `${refusing.endpoint}/?key=secret`;
  await expect(exportSpans(database, { endpoint: withKey })).rejects.toMatchObject({
    code: 'EXPORT_FAILED',
    message: expect.stringMatching(/^(?!.*secret).*400 no room/) as string,
    hint: expect.stringMatching(/up to the event \S+\/500\/[0-9a-f]{8} was exported/) as string,
  });
  const redirecting = await collector([[307, '', { location: `${busy.endpoint}/v1/traces` }]]);
  const control = new AbortController();
  const redirected = exportSpans(database, { endpoint: redirecting.endpoint, signal: control.signal });
  await expect.poll(() => redirecting.requests.length).toBe(1);
  control.abort();
  await expect(redirected).rejects.toMatchObject({ code: 'ABORTED' });
  expect(busy.requests).toHaveLength(3);
});

it.each(['secret', 'file:///secret', ''])('refuses %j as an endpoint', async (endpoint) => {
  const database = await openMemory();
  await expect(exportSpans(database, { endpoint })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.not.stringContaining('secret') as string,
  });
});
