/** The model's side of an operation: the next state and the required answer. */
import { createHash } from 'node:crypto';
import { sha256Hex } from '../../packages/core/src/hashing/sha256.node.ts';
import type {
  AgentMetrics,
  AuditRow,
  MemoryRow,
  ReceiptRow,
  ReceiptStatistics,
  RowOrder,
  SavedMemory,
  SavedReceipt,
} from '../../packages/core/src/api/persistence.ts';
import type { PersistenceErrorCode } from '../../packages/core/src/api/errors.ts';
import {
  byteOrder,
  contentOf,
  daysAgo,
  EMPTY_STATE,
  matches,
  storedTime,
  type ModelState,
} from './model-state.ts';
import { Expectation, unknownId } from './expectation.ts';
import type { MemoryDraft, ModelOperation, ReceiptDraft, WriteOperation } from './operation.ts';
import { WRONG_CALLS } from './wrong-calls.ts';

/** The result of a call: a value, or the code of an error. */
export type Answer = { readonly value: unknown } | { readonly code: PersistenceErrorCode };

/** The result of an operation in the model. */
export interface ModelStep {
  readonly state: ModelState;
  readonly answer: Answer;
}

/** Circumstances of a call, beyond the operation itself. */
export interface CallContext {
  readonly now: Date;
  /** Names the ids that this call generates. */
  readonly name: string;
  /** True when no other call runs, so that answers made from several reads are exact. */
  readonly alone: boolean;
  /** The receipt id to look up. */
  readonly receiptId: string;
  /** Content of the backup or image to import, or undefined if its slot is empty. */
  readonly stored: ModelState | undefined;
}

const PERIOD_DAYS = { 'last-24-hours': 1, 'last-7-days': 7, 'last-30-days': 30, 'last-90-days': 90 };

const wholeNumber: Expectation = new Expectation(
  'a whole number above 0',
  (actual) => Number.isSafeInteger(actual) && (actual as number) > 0,
);

/** Expects an average as SQL rounds it, which differs from JavaScript in some cases. */
function average(durations: readonly number[]): unknown {
  if (durations.length === 0) return null;
  const exact = durations.reduce((total, duration) => total + duration, 0) / durations.length;
  const tolerance = 0.0051 + Math.abs(exact) * 1e-12;
  return new Expectation(`about ${exact}`, (actual) => Math.abs(Number(actual) - exact) <= tolerance);
}

/** Computes the id of a receipt: a hash of its fields in the order of their names (RFC 8785). */
function receiptIdOf(draft: ReceiptDraft): string {
  const { agentId, agentType, durationMs, executionId, json, status } = draft;
  return sha256Hex(
    JSON.stringify({ agentId, agentType, durationMs, executionId, receipt: json.stored, status }),
  );
}

/** Computes the id of an agent's memory: UUID version 8 of a SHA-256 over namespace and name (RFC 9562, appendix B.2). */
function memoryIdOf(agentId: string): string {
  const namespace = '6c0f4a0e1d0b5a579f0e2b6f0a1f7c55';
  const digits = createHash('sha256').update(namespace, 'hex').update(agentId).digest('hex').slice(0, 32);
  const variant = ((parseInt(digits.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const stamped = `${digits.slice(0, 12)}8${digits.slice(13, 16)}${variant}${digits.slice(17)}`;
  return stamped.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function saveReceipt(
  state: ModelState,
  draft: ReceiptDraft,
  time: string,
): [ModelState, SavedReceipt] | undefined {
  const receiptId = receiptIdOf(draft);
  const before = state.receipts.find(({ executionId }) => executionId === draft.executionId);
  if (before) {
    return draft.ifAbsent && before.receiptId === receiptId
      ? [state, { receiptId, created: false }]
      : undefined;
  }
  const row: ReceiptRow = {
    receiptId,
    executionId: draft.executionId,
    agentId: draft.agentId,
    agentType: draft.agentType,
    receiptJson: draft.json.stored,
    status: draft.status,
    createdAt: time,
    updatedAt: time,
    durationMs: draft.durationMs,
  };
  return [
    { ...state, receipts: [...state.receipts, row] },
    { receiptId, created: true },
  ];
}

function saveMemory(state: ModelState, draft: MemoryDraft, time: string): [ModelState, SavedMemory] {
  const before = state.memories.find(({ agentId }) => agentId === draft.agentId);
  const row: MemoryRow = {
    memoryId: before?.memoryId ?? memoryIdOf(draft.agentId),
    agentId: draft.agentId,
    agentType: draft.agentType,
    memoryJson: draft.json.stored,
    lastUpdated: time,
    version: (before?.version ?? 0) + 1,
  };
  const memories = before
    ? state.memories.map((memory) => (memory === before ? row : memory))
    : [...state.memories, row];
  return [
    { ...state, memories },
    { memoryId: row.memoryId, version: row.version },
  ];
}

function write(state: ModelState, operation: WriteOperation, { now, name }: CallContext): ModelStep {
  const time = storedTime(now);
  const audits = operation.audits.map(
    (
      { agentId, operation: audited, status, durationMs, operationType, details, errorMessage },
      index,
    ): AuditRow => ({
      auditId: unknownId(`${name}.audit${index}`),
      timestamp: time,
      agentId,
      operation: audited,
      operationType,
      status,
      durationMs,
      details,
      errorMessage,
    }),
  );
  let after: ModelState = { ...state, audits: [...state.audits, ...audits] };
  const receipts: SavedReceipt[] = [];
  for (const draft of operation.receipts) {
    const saved = saveReceipt(after, draft, time);
    if (!saved) return { state, answer: { code: 'DUPLICATE_EXECUTION' } };
    after = saved[0];
    receipts.push(saved[1]);
  }
  const memories: SavedMemory[] = [];
  for (const draft of operation.memories) {
    const [next, saved] = saveMemory(after, draft, time);
    after = next;
    memories.push(saved);
  }
  const logged = audits.map(({ auditId }) => ({ auditId }));
  return { state: after, answer: { value: { audits: logged, receipts, memories } } };
}

function agentMetrics(audits: readonly AuditRow[]): unknown[] {
  const agents = [...new Set(audits.map(({ agentId }) => agentId))].toSorted(byteOrder);
  return agents.map((agentId): Record<keyof AgentMetrics, unknown> => {
    const ended = audits.filter(
      (row) => row.agentId === agentId && (row.status === 'completed' || row.status === 'failed'),
    );
    const durations = ended.map(({ durationMs }) => durationMs ?? 0);
    return {
      agentId,
      totalOperations: ended.length,
      successfulOperations: ended.filter(({ status }) => status === 'completed').length,
      failedOperations: ended.filter(({ status }) => status === 'failed').length,
      avgDurationMs: average(durations),
      minDurationMs: ended.length === 0 ? null : Math.min(...durations),
      maxDurationMs: ended.length === 0 ? null : Math.max(...durations),
    };
  });
}

function receiptStatistics(receipts: readonly ReceiptRow[]): unknown[] {
  const statistics = [...new Set(receipts.map(({ status }) => status))].map((status) => {
    const ofStatus = receipts.filter((row) => row.status === status);
    return {
      status,
      count: ofStatus.length,
      avgDurationMs: average(ofStatus.map(({ durationMs }) => durationMs ?? 0)),
    } satisfies Record<keyof ReceiptStatistics, unknown>;
  });
  return statistics.toSorted((a, b) => b.count - a.count || byteOrder(a.status, b.status));
}

function isoTime(now: Date): string {
  return `${storedTime(now).replace(' ', 'T')}Z`;
}

function found(json: string | undefined): Answer {
  return json === undefined ? { code: 'NOT_FOUND' } : { value: json };
}

/** Returns the number of transactions of an operation. A cleanup deletes the old rows of each table in one of its own. */
export function transactionCount(operation: ModelOperation): number {
  return operation.kind === 'cleanup' && !operation.dryRun && !operation.aborted ? 2 : 1;
}

/** Deletes the old receipts, and then, in a second transaction, the old audit entries. A dry run counts both at once. */
function cleanup(
  state: ModelState,
  { days = 90, dryRun, aborted }: Extract<ModelOperation, { kind: 'cleanup' }>,
  now: Date,
  first: ModelStep | undefined,
): ModelStep {
  const before = daysAgo(now, days);
  const receipts = state.receipts.filter(({ createdAt }) => createdAt >= before);
  const audits = state.audits.filter(({ timestamp }) => timestamp >= before);
  const auditEntriesDeleted = state.audits.length - audits.length;
  if (first && 'value' in first.answer) {
    const value = { ...(first.answer.value as object), auditEntriesDeleted };
    return { state: { ...state, audits }, answer: { value } };
  }
  const value = {
    days,
    dryRun,
    before: before === '' ? '0000-01-01 00:00:00' : before,
    receiptsDeleted: state.receipts.length - receipts.length,
    auditEntriesDeleted,
    sizeBeforeBytes: wholeNumber,
    sizeAfterBytes: wholeNumber,
    freeBytes: new Expectation('a count', (count) => Number.isSafeInteger(count)),
  };
  if (dryRun) return { state, answer: { value } };
  return { state: { ...state, receipts }, answer: aborted ? { code: 'ABORTED' } : { value } };
}

/** Puts rows that are newest first in the requested order. */
function inOrder<Row>(rows: Row[], order: RowOrder | undefined): Row[] {
  return order === 'oldest-first' ? rows.toReversed() : rows;
}

/** Returns the required answer of a read. */
function answerOf(state: ModelState, operation: ModelOperation, context: CallContext): Answer {
  const { now } = context;
  switch (operation.kind) {
    case 'getReceipt':
      return found(state.receipts.find(({ receiptId }) => receiptId === context.receiptId)?.receiptJson);
    case 'getMemory':
      return found(state.memories.find(({ agentId }) => agentId === operation.agentId)?.memoryJson);
    case 'queryReceipts': {
      const rows = contentOf(state).receipts.filter(({ agentId }) => matches(operation.agent, agentId));
      return { value: inOrder(rows, operation.order).slice(0, operation.limit ?? 100) };
    }
    case 'queryMemory': {
      const rows = contentOf(state).memories.filter(({ agentId }) => matches(operation.agent, agentId));
      return { value: inOrder(rows, operation.order) };
    }
    case 'queryAuditTrail':
    case 'exportAuditTrail': {
      const isExport = operation.kind === 'exportAuditTrail';
      const days = operation.days ?? (isExport ? 1_000_000 : 7);
      const rows = contentOf(state).audits.filter(
        ({ agentId, timestamp }) => matches(operation.agent, agentId) && timestamp >= daysAgo(now, days),
      );
      if (isExport) return { value: rows };
      return { value: inOrder(rows, operation.order).slice(0, operation.limit ?? 1000) };
    }
    case 'analytics': {
      const period = operation.period ?? 'last-7-days';
      const since = daysAgo(now, PERIOD_DAYS[period]);
      return {
        value: {
          period,
          generatedAt: isoTime(now),
          agentMetrics: agentMetrics(
            state.audits.filter((row) => matches(operation.agent, row.agentId) && row.timestamp >= since),
          ),
          receiptStatistics: receiptStatistics(
            state.receipts.filter((row) => matches(operation.agent, row.agentId) && row.createdAt >= since),
          ),
        },
      };
    }
    case 'stats':
      return {
        value: {
          receiptsTotal: state.receipts.length,
          receiptsSuccess: state.receipts.filter(({ status }) => status === 'success').length,
          receiptsError: state.receipts.filter(({ status }) => status === 'error').length,
          agentsTracked: state.memories.length,
          auditEntries: state.audits.length,
          databaseSizeKb: wholeNumber,
          lastReceipt: state.receipts.reduce<string | null>(
            (latest, { createdAt }) => (latest === null || createdAt > latest ? createdAt : latest),
            null,
          ),
        },
      };
    case 'verify':
      return {
        value: {
          ok: true,
          schemaVersion: wholeNumber,
          // Rows are checked in several reads, and other calls may write between them.
          receiptsVerified: context.alone
            ? state.receipts.length
            : new Expectation('a count', (count) => Number.isSafeInteger(count)),
          receiptsImported: 0,
          receiptsRedacted: 0,
          history: new Expectation('a report of the history', (report) => report !== null),
          problemCount: 0,
          problems: [],
        },
      };
    case 'wrong':
      return { code: WRONG_CALLS[operation.which]?.code ?? 'INTERNAL' };
    default:
      return { value: new Expectation('anything', () => true) };
  }
}

function isEmpty({ receipts, memories, audits }: ModelState): boolean {
  return receipts.length + memories.length + audits.length === 0;
}

/**
 * Applies one transaction of an operation to the model.
 * @param earlier - the result of the operation's transaction before this one
 */
export function takeStep(
  state: ModelState,
  operation: ModelOperation,
  context: CallContext,
  earlier?: ModelStep,
): ModelStep {
  const { stored } = context;
  switch (operation.kind) {
    case 'write':
      return write(state, operation, context);
    case 'cleanup':
      return cleanup(state, operation, context.now, earlier);
    case 'reset':
      return { state: EMPTY_STATE, answer: { value: undefined } };
    case 'exportBackup':
    case 'exportImage':
      return { state, answer: { value: state } };
    case 'importImage':
      return { state: stored ?? state, answer: { value: undefined } };
    case 'restoreBackup': {
      if (!stored) return { state, answer: { code: 'NOT_FOUND' } };
      if (!operation.force && !isEmpty(state)) return { state, answer: { code: 'ALREADY_EXISTS' } };
      return {
        state: stored,
        answer: {
          value: {
            directory: 'memory',
            from: operation.from ?? 'image',
            receipts: stored.receipts.length,
            memories: stored.memories.length,
            auditEntries: stored.audits.length,
          },
        },
      };
    }
    default:
      return { state, answer: answerOf(state, operation, context) };
  }
}
