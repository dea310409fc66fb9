/** Spans of OpenTelemetry as rows. */
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
import { attributesOf, cutName, idIn, objectIn, textIn, timeIn } from './received-values.ts';

/** Stores the spans of a request, a run of an agent as a receipt as well. @throws {PersistenceError} as `storeRecords` */
export function storeSpans(
  database: Persistence,
  { request, agentThatWrites, ...rest }: Received,
): Promise<Stored> {
  const spans = recordsIn(request, ['resourceSpans', 'scopeSpans', 'spans']);
  return storeRecords(database, spans, (span) => rowOf(span, agentThatWrites), isRun, rest);
}

const isRun = ({ operation_type: type }: AuditLine): boolean => type === names.INVOKE_AGENT;

/** @throws {Error} for what is no span, or may not be stored */
function rowOf(
  { record: span, service }: ReceivedRecord,
  agentThatWrites: Received['agentThatWrites'],
): AuditLine {
  const traceId = idIn(span, 'traceId', 32);
  const spanId = idIn(span, 'spanId', 16);
  const name = textIn(span, 'name');
  if (name === undefined) throw new Error('A span has no name');
  const [startMs, endMs] = [timeIn(span, 'startTimeUnixNano'), timeIn(span, 'endTimeUnixNano')];
  const values = attributesOf(span);
  const text = (key: string): string | undefined => textOf(values, key);
  const agent = agentThatWrites(text(names.AGENT_ID) ?? text(names.AGENT_NAME)) ?? service ?? 'unknown';
  const status = objectIn(span, 'status');
  const isError = status?.['code'] === 2 || status?.['code'] === 'STATUS_CODE_ERROR';
  const details = {
    trace_id: traceId,
    span_id: spanId,
    ...(textIn(span, 'parentSpanId') !== undefined && { parent_span_id: textIn(span, 'parentSpanId') }),
    ...(service !== undefined && { service }),
    name,
    started_at: new Date(startMs).toISOString(),
    attributes: withoutContents(values),
  };
  return {
    audit_id: auditIdOf(`ggen-sim span\0${traceId}/${spanId}`),
    timestamp: timestampOf(endMs),
    agent_id: cutName(agent),
    operation: cutName(text(names.TOOL_NAME) ?? name),
    operation_type: cutName(text(names.OPERATION_NAME) ?? 'span'),
    status: isError ? 'failed' : 'completed',
    duration_ms: Math.max(0, Math.round(endMs - startMs)),
    details: JSON.stringify(details),
    error_message: isError ? (textIn(status, 'message') ?? text(names.ERROR_TYPE) ?? null) : null,
  };
}
