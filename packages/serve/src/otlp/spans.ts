/** Rows as spans of OpenTelemetry, in the JSON of OTLP (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
import { createHash } from 'node:crypto';
import {
  encodeJsonValue,
  type AuditRow,
  type ChangeEvent,
  type MemoryRow,
  type ReceiptRow,
} from '@ggen-sim/core';
import * as names from './genai-names.ts';

/** A value of an attribute. */
export type AttributeValue =
  | { readonly stringValue: string }
  // A 64-bit integer is a string in this encoding.
  | { readonly intValue: string };

export interface Attribute {
  readonly key: string;
  readonly value: AttributeValue;
}

/** A span. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1: internal. */
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  /** Code 0: unset, 2: error. */
  readonly status: { readonly code: 0 | 2; readonly message?: string };
}

/**
 * Makes the span of an event with its row. Every id is a hash of what is stored, so that exporting an event again makes the
 * same span.
 * @returns undefined for what is no span: an operation that has only started, a row that the database no longer holds, an entry
 * for many rows, and a time that cannot be read
 */
export function spanOf({ data: { table, row }, time }: ChangeEvent): Span | undefined {
  if (row === undefined || row === null) return undefined;
  if (table === 'receipts') return receiptSpan(row as ReceiptRow, time);
  return table === 'audit_log' ? auditSpan(row as AuditRow, time) : memorySpan(row as MemoryRow, time);
}

function receiptSpan(row: ReceiptRow, loggedAt: string | undefined): Span | undefined {
  const isError = row.status === 'error';
  return timed(row.createdAt, loggedAt, row.durationMs, {
    ...executionIds(row.executionId),
    name: `${names.INVOKE_AGENT} ${row.agentId}`,
    attributes: attributes({
      [names.OPERATION_NAME]: names.INVOKE_AGENT,
      [names.AGENT_ID]: row.agentId,
      [names.AGENT_NAME]: row.agentId,
      [names.ERROR_TYPE]: isError ? names.OTHER_ERROR : undefined,
      'ggen_sim.agent.type': row.agentType,
      'ggen_sim.execution.id': row.executionId,
      'ggen_sim.receipt.id': row.receiptId,
      'ggen_sim.receipt.status': row.status,
    }),
    status: { code: isError ? 2 : 0 },
  });
}

/** An operation that ended has its duration, so the entry of its start is not needed. */
function auditSpan(row: AuditRow, loggedAt: string | undefined): Span | undefined {
  const isError = row.status === 'failed';
  if (!isError && row.status !== 'completed') return undefined;
  const executionId = executionIn(row.details);
  const ids =
    executionId === undefined
      ? { traceId: idOf('trace of audit entry', row.auditId, 32) }
      : { traceId: executionIds(executionId).traceId, parentSpanId: executionIds(executionId).spanId };
  return timed(row.timestamp, loggedAt, row.durationMs, {
    ...ids,
    spanId: idOf('audit entry', row.auditId, 16),
    name: `${names.EXECUTE_TOOL} ${row.operation}`,
    attributes: attributes({
      [names.OPERATION_NAME]: names.EXECUTE_TOOL,
      [names.AGENT_ID]: row.agentId,
      [names.TOOL_NAME]: row.operation,
      [names.TOOL_TYPE]: 'function',
      [names.ERROR_TYPE]: isError ? names.OTHER_ERROR : undefined,
      'ggen_sim.audit.id': row.auditId,
      'ggen_sim.audit.operation_type': row.operationType,
      'ggen_sim.execution.id': executionId,
    }),
    status: isError
      ? { code: 2, ...(row.errorMessage !== null && { message: row.errorMessage }) }
      : { code: 0 },
  });
}

function memorySpan(row: MemoryRow, loggedAt: string | undefined): Span | undefined {
  const version = `${row.memoryId}/${row.version}`;
  return timed(row.lastUpdated, loggedAt, 0, {
    traceId: idOf('trace of memory', version, 32),
    spanId: idOf('memory', version, 16),
    name: `${names.UPDATE_MEMORY} ${row.agentId}`,
    attributes: attributes({
      [names.OPERATION_NAME]: names.UPDATE_MEMORY,
      [names.AGENT_ID]: row.agentId,
      'ggen_sim.agent.type': row.agentType,
      [names.MEMORY_RECORD_ID]: row.memoryId,
      'ggen_sim.memory.version': row.version,
    }),
    status: { code: 0 },
  });
}

/** Makes the ids of an execution: what names it belongs to its trace, whoever exports it. */
function executionIds(executionId: string): { readonly traceId: string; readonly spanId: string } {
  return { traceId: idOf('trace of execution', executionId, 32), spanId: idOf('execution', executionId, 16) };
}

/** Makes an id of hexadecimal digits. None is all zeros, which OpenTelemetry would take for no id, unless SHA-256 is broken. */
function idOf(kind: string, id: string, digits: 16 | 32): string {
  return createHash('sha256').update(`ggen-sim ${kind}\0${id}`).digest('hex').slice(0, digits);
}

/** Finds the execution that the details of an audit entry name. */
function executionIn(details: string | null): string | undefined {
  if (details === null) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(details);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const id = (parsed as Record<string, unknown>)['execution_id'];
  return typeof id === 'string' ? id : undefined;
}

/** Adds the times. A row is stored when its execution has ended. */
function timed(
  storedAt: string,
  loggedAt: string | undefined,
  durationMs: number | null,
  span: Omit<Span, 'kind' | 'startTimeUnixNano' | 'endTimeUnixNano'>,
): Span | undefined {
  const own = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(storedAt)
    ? Date.parse(`${storedAt.replace(' ', 'T')}Z`)
    : NaN;
  const endMs = Number.isNaN(own) ? Date.parse(loggedAt ?? '') : own;
  if (Number.isNaN(endMs) || endMs < 0) return undefined;
  const lastedMs = typeof durationMs === 'number' && durationMs > 0 ? Math.min(durationMs, endMs) : 0;
  return {
    ...span,
    kind: 1,
    startTimeUnixNano: nanoseconds(endMs - lastedMs),
    endTimeUnixNano: nanoseconds(endMs),
  };
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n);
}

/** Makes attributes; those without a value are left out. What another program stored as bytes is a text that tells them. */
export function attributes(values: Readonly<Record<string, unknown>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [{ key, value: attributeValue(value) }],
  );
}

function attributeValue(value: unknown): AttributeValue {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return { intValue: String(value) };
  return { stringValue: typeof value === 'string' ? value : encodeJsonValue(value) };
}
