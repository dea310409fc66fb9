/** Log records of OpenTelemetry as rows: events, such as those of Claude Code, and lines of logs. */
import type { Persistence } from '@ggen-sim/core';
import * as names from './genai-names.ts';
import {
  auditIdOf,
  recordsIn,
  storeRecords,
  textOf,
  timestampOf,
  withoutContents,
  type AuditLine,
  type Received,
  type ReceivedRecord,
  type Stored,
} from './received-rows.ts';
import { attributesOf, cutName, objectIn, textIn, timeIn } from './received-values.ts';

/** Least number of a severity that is an error. */
const ERROR_SEVERITY = 17;

/** Longest duration that is believed: beyond, numbers are not exact. */
const MAX_DURATION_MS = Number.MAX_SAFE_INTEGER;

/** Stores the log records of a request; a run of an agent is a span. @throws {PersistenceError} as `storeRecords` */
export function storeLogs(
  database: Persistence,
  { request, agentThatWrites, ...rest }: Received,
): Promise<Stored> {
  const records = recordsIn(request, ['resourceLogs', 'scopeLogs', 'logRecords']);
  return storeRecords(
    database,
    records,
    (record) => rowOf(record, agentThatWrites),
    () => false,
    rest,
  );
}

/** @throws {Error} for what is no log record, or may not be stored */
function rowOf({ record, service }: ReceivedRecord, agentThatWrites: Received['agentThatWrites']): AuditLine {
  if (typeof record !== 'object' || record === null) throw new Error('A log record is no object');
  const timeMs = timeOf(record);
  const values = attributesOf(record);
  const text = (key: string): string | undefined => textOf(values, key);
  const agent = agentThatWrites(text(names.AGENT_ID) ?? text(names.AGENT_NAME)) ?? service ?? 'unknown';
  const event = textIn(record, 'eventName') ?? text(names.EVENT_NAME);
  const tool = text(names.TOOL_NAME) ?? text(names.EVENT_TOOL_NAME);
  // What an event says is in its attributes. Its body may hold the messages of a conversation.
  const message = event === undefined ? textIn(objectIn(record, 'body'), 'stringValue') : undefined;
  const severity = severityOf(record);
  const isError =
    severity >= ERROR_SEVERITY || event?.endsWith('_error') === true || isFalse(values.get('success'));
  const error = text('error') ?? text('error.message') ?? text('exception.message') ?? text(names.ERROR_TYPE);
  const details = {
    ...(event !== undefined && { event }),
    ...(service !== undefined && { service }),
    ...(message !== undefined && { message }),
    ...idsOf(record),
    attributes: withoutContents(values),
  };
  return {
    // A record has no id of its own. The same record is sent again as it was.
    audit_id: auditIdOf(`ggen-sim log record\0${service ?? ''}\0${JSON.stringify(record)}`),
    timestamp: timestampOf(timeMs),
    agent_id: cutName(agent),
    operation: cutName(tool ?? event ?? 'log'),
    operation_type: cutName(event === undefined ? 'log' : tool === undefined ? 'event' : event),
    status: isError ? 'failed' : 'completed',
    duration_ms: durationOf(values.get('duration_ms')),
    details: JSON.stringify(details),
    error_message: isError ? (error ?? null) : null,
  };
}

/** Returns when it happened, or was noticed. One that tells neither happened now. */
function timeOf(record: object): number {
  for (const key of ['timeUnixNano', 'observedTimeUnixNano']) {
    const given: unknown = Object.getOwnPropertyDescriptor(record, key)?.value;
    if (given !== undefined && given !== '0' && given !== 0) return timeIn(record, key);
  }
  return Date.now();
}

function severityOf(record: object): number {
  const { severityNumber } = record as { readonly severityNumber?: unknown };
  return typeof severityNumber === 'number' ? severityNumber : 0;
}

/** Returns the ids of the trace and the span that the record belongs to, as far as they are given. */
function idsOf(record: object): Record<string, string> {
  const [traceId, spanId] = [textIn(record, 'traceId'), textIn(record, 'spanId')];
  return {
    ...(traceId !== undefined && { trace_id: traceId }),
    ...(spanId !== undefined && { span_id: spanId }),
  };
}

const isFalse = (value: unknown): boolean => value === false || value === 'false';

/** Claude Code writes numbers as texts. */
function durationOf(value: unknown): number {
  const durationMs = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof durationMs === 'number' && durationMs >= 0 && durationMs <= MAX_DURATION_MS
    ? Math.round(durationMs)
    : 0;
}
