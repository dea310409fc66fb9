/** Spans of OpenTelemetry as rows: each an entry of the audit trail, and a run of an agent a receipt as well. */
import { createHash } from 'node:crypto';
import { PersistenceError, type Persistence } from '@ggen-sim/core';
import { httpErrorOf } from '../http/http-error.ts';
import * as names from './genai-names.ts';

/** A row of `audit_log`, under the names of its columns. */
interface AuditLine {
  readonly audit_id: string;
  readonly timestamp: string;
  readonly agent_id: string;
  readonly operation: string;
  readonly operation_type: string;
  readonly status: 'completed' | 'failed';
  readonly duration_ms: number;
  readonly details: string;
  readonly error_message: string | null;
}

/** What {@link storeSpans} takes. */
export interface ReceivedSpans {
  /** A request of any shape, as JSON. */
  readonly request: unknown;
  /** Returns the agent in whose name a span is stored, or throws. */
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  /** Ends the storing between two batches of rows, or two receipts. */
  readonly signal?: AbortSignal;
  /** Spans of a request that are stored; further ones are rejected. @default 8192, as many as a collector sends at a time */
  readonly maxSpans?: number;
  /** Characters of the rows of a request that are stored; rows beyond are rejected. @default 16777216 */
  readonly maxCharacters?: number;
}

/** Result of {@link storeSpans}. */
export interface StoredSpans {
  /** Number of spans that are no spans of OTLP, that may not be stored, or that are too many for one request. */
  readonly rejected: number;
  /** Why the first of them was rejected. */
  readonly reason: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** Longest text that is kept of a span, in characters. */
const MAX_TEXT_CHARACTERS = 4096;
/** Longest name of an agent, service or operation, in characters. That of a service is in each row of its spans. */
const MAX_NAME_CHARACTERS = 512;
/** Rows that are imported at a time. An import names no more than these where it refuses them. */
const BATCH_ROWS = 1000;
/** Largest time of OTLP, a 64-bit integer: in the year 2554. */
const MAX_TIME_NANOSECONDS = 2n ** 64n - 1n;
const NANOSECONDS_PER_MS = 1_000_000n;

/**
 * Stores the spans of a request. A span that is stored already stays as it is, so that an exporter may send it again.
 * @throws {PersistenceError} as `importRows` and `saveReceipt` do, but not for what is wrong with one span; ABORTED.
 * Sending the request again goes on
 */
export async function storeSpans(database: Persistence, received: ReceivedSpans): Promise<StoredSpans> {
  const { request, agentThatWrites, signal, maxSpans = 8192, maxCharacters = 16 * 1024 * 1024 } = received;
  let rejected = 0;
  let reason: string | undefined;
  const reject = (why: string): void => {
    rejected += 1;
    reason ??= why;
  };
  let rows: AuditLine[] = [];
  let spans = 0;
  let characters = 0;
  for (const { span, service } of spansIn(request)) {
    spans += 1;
    try {
      if (spans > maxSpans) throw new Error(`More than ${maxSpans} spans are in one request`);
      const row = rowOf(span, service, agentThatWrites);
      if (characters + charactersOf(row) > maxCharacters)
        throw new Error(`The rows of a request have more than ${maxCharacters} characters`);
      characters += charactersOf(row);
      rows.push(row);
    } catch (error) {
      reject(error instanceof Error ? error.message : String(error));
    }
    if (rows.length < BATCH_ROWS) continue;
    await storeRows(database, rows, reject, signal);
    rows = [];
  }
  if (rows.length > 0) await storeRows(database, rows, reject, signal);
  return { rejected, reason };
}

function charactersOf(row: AuditLine): number {
  let characters = 0;
  for (const value of Object.values(row)) if (typeof value === 'string') characters += value.length;
  return characters;
}

/** Stores rows, and the receipts of those that are runs and were not refused. */
async function storeRows(
  database: Persistence,
  rows: readonly AuditLine[],
  reject: (why: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { refusedLines } = await database.importRows({
    table: 'audit_log',
    input: linesOf(rows),
    ifAbsent: true,
    ...(signal !== undefined && { signal }),
  });
  const refused = new Set<AuditLine | undefined>();
  for (const { line, reason } of refusedLines) {
    // Of the same span, with other values.
    if (reason.endsWith('is stored already')) continue;
    refused.add(rows[line - 1]);
    reject(reason);
  }
  for (const row of rows) {
    if (row.operation_type !== names.INVOKE_AGENT || refused.has(row)) continue;
    if (signal?.aborted === true)
      throw new PersistenceError('ABORTED', 'Storing spans was ended', { operation: 'storeSpans' });
    try {
      await saveRun(database, row);
    } catch (error) {
      // One run that is no receipt must not keep those after it from being stored.
      const { status, message } = httpErrorOf(error);
      if (status !== 400) throw error;
      reject(message);
    }
  }
}

/** Makes the lines one at a time, so that they are not held together. */
function linesOf(rows: readonly AuditLine[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream({
    pull(control) {
      const row = rows[next];
      next += 1;
      if (row === undefined) control.close();
      else control.enqueue(encoder.encode(`${JSON.stringify(row)}\n`));
    },
  });
}

/** Saves the receipt of a run. Its execution is named by trace and span, so it is saved once. */
async function saveRun(database: Persistence, row: AuditLine): Promise<void> {
  const { trace_id: traceId, span_id: spanId } = JSON.parse(row.details) as Readonly<Record<string, string>>;
  const executionId = `${traceId}/${spanId}`;
  if ((await database.countReceipts({ execution: executionId })) > 0) return;
  await database.saveReceipt({
    executionId,
    agentId: row.agent_id,
    agentType: 'opentelemetry',
    receipt: row.details,
    status: row.status === 'failed' ? 'error' : 'success',
    durationMs: row.duration_ms,
    ifAbsent: true,
  });
}

/** Walks through a request of any shape. */
function* spansIn(
  request: unknown,
): Generator<{ readonly span: unknown; readonly service: string | undefined }> {
  for (const resourceSpans of listIn(request, 'resourceSpans')) {
    const resource = objectIn(resourceSpans, 'resource');
    const service = cutName(String(attributesOf(resource).get(names.SERVICE_NAME) ?? '')) || undefined;
    for (const scopeSpans of listIn(resourceSpans, 'scopeSpans'))
      for (const span of listIn(scopeSpans, 'spans')) yield { span, service };
  }
}

/** @throws {Error} for what is no span, or may not be stored */
function rowOf(
  span: unknown,
  service: string | undefined,
  agentThatWrites: (given: string | undefined) => string | undefined,
): AuditLine {
  const traceId = idIn(span, 'traceId', 32);
  const spanId = idIn(span, 'spanId', 16);
  const name = textIn(span, 'name');
  if (name === undefined) throw new Error('A span has no name');
  const [startMs, endMs] = [timeIn(span, 'startTimeUnixNano'), timeIn(span, 'endTimeUnixNano')];
  const values = attributesOf(span);
  const text = (key: string): string | undefined => {
    const value = values.get(key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const agent = agentThatWrites(text(names.AGENT_ID) ?? text(names.AGENT_NAME)) ?? service ?? 'unknown';
  const status = objectIn(span, 'status');
  const isError = status?.['code'] === 2 || status?.['code'] === 'STATUS_CODE_ERROR';
  const shown = [...values].filter(([key]) => !names.CONTENTS.some((content) => key.startsWith(content)));
  const details = {
    trace_id: traceId,
    span_id: spanId,
    ...(textIn(span, 'parentSpanId') !== undefined && { parent_span_id: textIn(span, 'parentSpanId') }),
    ...(service !== undefined && { service }),
    name,
    started_at: new Date(startMs).toISOString(),
    attributes: Object.fromEntries(shown),
  };
  return {
    audit_id: auditId(traceId, spanId),
    timestamp: new Date(endMs).toISOString().slice(0, 19).replace('T', ' '),
    agent_id: cutName(agent),
    operation: cutName(text(names.TOOL_NAME) ?? name),
    operation_type: cutName(text(names.OPERATION_NAME) ?? 'span'),
    status: isError ? 'failed' : 'completed',
    duration_ms: Math.max(0, Math.round(endMs - startMs)),
    details: JSON.stringify(details),
    error_message: isError ? (textIn(status, 'message') ?? text(names.ERROR_TYPE) ?? null) : null,
  };
}

/** Makes a UUID (version 8, RFC 9562) of trace and span. */
function auditId(traceId: string, spanId: string): string {
  const digits = createHash('sha256').update(`ggen-sim span\0${traceId}/${spanId}`).digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function objectIn(value: unknown, key: string): Json | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : undefined;
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const found = isObject(value) ? value[key] : undefined;
  return Array.isArray(found) ? (found as unknown[]) : [];
}

function textIn(value: unknown, key: string): string | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' && found !== '' ? cut(found) : undefined;
}

const cut = (text: string, characters = MAX_TEXT_CHARACTERS): string =>
  text.slice(0, characters).toWellFormed();

const cutName = (text: string): string => cut(text, MAX_NAME_CHARACTERS);

function idIn(span: unknown, key: string, digits: 16 | 32): string {
  const id = textIn(span, key)?.toLowerCase() ?? '';
  if (id.length !== digits || !/^[\da-f]+$/u.test(id) || /^0+$/u.test(id))
    throw new Error(`${key} of a span must be ${digits} hexadecimal digits`);
  return id;
}

/** Reads a time in nanoseconds, a 64-bit integer that JSON has as a text. */
function timeIn(span: unknown, key: string): number {
  const given = isObject(span) ? span[key] : undefined;
  const digits = typeof given === 'number' ? String(given) : given;
  if (typeof digits !== 'string' || !/^\d{1,20}$/u.test(digits))
    throw new Error(`${key} of a span must be nanoseconds`);
  const nanoseconds = BigInt(digits);
  if (nanoseconds > MAX_TIME_NANOSECONDS) throw new Error(`${key} of a span has more than 64 bits`);
  return Number(nanoseconds / NANOSECONDS_PER_MS);
}

/** Reads attributes: texts, numbers and truth values. Lists and maps of values are left out. */
function attributesOf(value: unknown): Map<string, string | number | boolean> {
  const found = new Map<string, string | number | boolean>();
  for (const attribute of listIn(value, 'attributes')) {
    const key = textIn(attribute, 'key');
    const content = objectIn(attribute, 'value');
    if (key === undefined || content === undefined) continue;
    const [kind, inner] = Object.entries(content)[0] ?? [];
    // A 64-bit integer stays the text that it is: a number would round it.
    if (typeof inner === 'string') found.set(key, kind === 'bytesValue' ? '' : cut(inner));
    else if (typeof inner === 'number' || typeof inner === 'boolean') found.set(key, inner);
  }
  return found;
}
