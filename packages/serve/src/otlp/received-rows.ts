/** Rows of what exporters send: each record an entry of the audit trail, and a run of an agent a receipt as well. */
import { createHash } from 'node:crypto';
import { PersistenceError, type Persistence } from '@ggen-sim/core';
import { httpErrorOf } from '../http/http-error.ts';
import * as names from './genai-names.ts';
import { attributesOf, cutName, listIn, objectIn, type AttributeValue } from './received-values.ts';

/** A row of `audit_log`, under the names of its columns. */
export interface AuditLine {
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

/** What `storeSpans` and `storeLogs` take. */
export interface Received {
  /** A request of any shape, as JSON. */
  readonly request: unknown;
  /** Returns the agent in whose name a record is stored, or throws. */
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  /** Ends the storing between two batches of rows, or two receipts. */
  readonly signal?: AbortSignal;
  /** Records of a request that are stored; further ones are rejected. @default 8192, as many as a collector sends at a time */
  readonly maxRecords?: number;
  /** Characters of the rows of a request that are stored; rows beyond are rejected. @default 16777216 */
  readonly maxCharacters?: number;
}

/** Result of `storeSpans` and `storeLogs`. */
export interface Stored {
  /** Number of records that are none of OTLP, that may not be stored, or that are too many for one request. */
  readonly rejected: number;
  /** Why the first of them was rejected. */
  readonly reason: string | undefined;
}

/** A record of a request, and the service that it comes from. */
export interface ReceivedRecord {
  readonly record: unknown;
  readonly service: string | undefined;
}

/** Rows that are imported at a time. An import names no more than these where it refuses them. */
const BATCH_ROWS = 1000;

/**
 * Stores the records of a request. One that is stored already stays as it is, so that an exporter may send it again.
 * @param records - those of the request
 * @param rowOf - makes the row of a record, or throws for what is none or may not be stored
 * @param isRun - tells of a row if its record was the run of an agent, whose receipt is saved as well
 * @throws {PersistenceError} as `importRows` and `saveReceipt` do, but not for what is wrong with one record; ABORTED.
 * Sending the request again goes on
 */
export async function storeRecords(
  database: Persistence,
  records: Iterable<ReceivedRecord>,
  rowOf: (record: ReceivedRecord) => AuditLine,
  isRun: (row: AuditLine) => boolean,
  {
    signal,
    maxRecords = 8192,
    maxCharacters = 16 * 1024 * 1024,
  }: Omit<Received, 'request' | 'agentThatWrites'>,
): Promise<Stored> {
  let rejected = 0;
  let reason: string | undefined;
  const reject = (why: string): void => {
    rejected += 1;
    reason ??= why;
  };
  let rows: AuditLine[] = [];
  let count = 0;
  let characters = 0;
  for (const record of records) {
    count += 1;
    try {
      if (count > maxRecords) throw new Error(`More than ${maxRecords} records are in one request`);
      const row = rowOf(record);
      if (characters + charactersOf(row) > maxCharacters)
        throw new Error(`The rows of a request have more than ${maxCharacters} characters`);
      characters += charactersOf(row);
      rows.push(row);
    } catch (error) {
      reject(error instanceof Error ? error.message : String(error));
    }
    if (rows.length < BATCH_ROWS) continue;
    await storeRows(database, rows, isRun, reject, signal);
    rows = [];
  }
  if (rows.length > 0) await storeRows(database, rows, isRun, reject, signal);
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
  isRun: (row: AuditLine) => boolean,
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
    if (!isRun(row) || refused.has(row)) continue;
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

/** Names of the lists of a signal, from the outermost. */
export type RecordLists = readonly [resources: string, scopes: string, records: string];

/** Walks through a request of any shape. */
export function* recordsIn(
  request: unknown,
  [resources, scopes, records]: RecordLists,
): Generator<ReceivedRecord> {
  for (const inResource of listIn(request, resources)) {
    const resource = objectIn(inResource, 'resource');
    const service = cutName(String(attributesOf(resource).get(names.SERVICE_NAME) ?? '')) || undefined;
    for (const inScope of listIn(inResource, scopes))
      for (const record of listIn(inScope, records)) yield { record, service };
  }
}

/** Makes a UUID (version 8, RFC 9562) of a text that names a record. */
export function auditIdOf(text: string): string {
  const digits = createHash('sha256').update(text).digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

/** Leaves out the attributes that hold what was said or done. */
export function withoutContents(values: ReadonlyMap<string, AttributeValue>): Record<string, AttributeValue> {
  const isContent = (key: string): boolean =>
    names.CONTENTS.some((content) => key.startsWith(content)) || names.EVENT_CONTENTS.includes(key);
  return Object.fromEntries([...values].filter(([key]) => !isContent(key)));
}

/** Returns an attribute that is a text and not empty. */
export function textOf(values: ReadonlyMap<string, AttributeValue>, key: string): string | undefined {
  const value = values.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Formats a time as the database has it. */
export const timestampOf = (timeMs: number): string =>
  new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
