import { sha256Hex } from '#hashing/sha256';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import { RECEIPT_STATUSES } from '../api/receipts.ts';
import type {
  NewReceipt,
  ReceiptLookup,
  ReceiptRow,
  ReceiptStatus,
  SavedReceipt,
} from '../api/persistence.ts';
import {
  checkFields,
  checkChoice,
  checkRequired,
  checkText,
  checkWholeNumber,
  invalid,
} from '../validation/arguments.ts';
import { checkJson } from '../validation/json-text.ts';
import { LAST_CHARACTER } from '../validation/like-pattern.ts';
import { timeProblem } from '../validation/timestamps.ts';
import { storedJsonProblem, storedJsonText } from './stored-json.ts';
import { insertSql, type Table, type WriteContext } from './table.ts';

/** Marks a row whose id was computed of its content just now, and need not be computed once more to check it. */
const IS_COMPUTED: unique symbol = Symbol('the id was computed');

/** A row that {@link receiptsTable} has completed. */
interface CompletedRow {
  [field: string]: SqlValue | undefined;
  [IS_COMPUTED]?: boolean;
}

/** Receipts of executions. */
export const receiptsTable: Table<ReceiptRow, NewReceipt, SavedReceipt> = {
  name: 'receipts',
  columns: [
    { column: 'receipt_id', field: 'receiptId' },
    { column: 'execution_id', field: 'executionId' },
    { column: 'agent_id', field: 'agentId' },
    { column: 'agent_type', field: 'agentType' },
    { column: 'receipt_json', field: 'receiptJson', isJson: true },
    { column: 'status', field: 'status' },
    { column: 'created_at', field: 'createdAt', holds: 'time' },
    { column: 'updated_at', field: 'updatedAt', holds: 'time' },
    { column: 'duration_ms', field: 'durationMs', holds: 'number' },
  ],
  timeColumn: 'created_at',
  ageingColumn: 'created_at',
  uniqueColumn: 'execution_id',
  backupFile: 'receipts.json',
  batchKey: 'receipts',
  reportKey: 'receipts',
  verifyCheck: 'receipt',
  query: { method: 'queryReceipts', defaultLimit: 100 },
  filterColumns: {
    status: { column: 'status', isIndexed: true },
    agentType: { column: 'agent_type' },
    execution: { column: 'execution_id', isIndexed: true },
  },
  textColumns: ['execution_id', 'receipt_json'],
  jsonColumn: 'receipt_json',
  contentColumns: ['receipt_json'],
  durationColumn: 'duration_ms',

  prepare(operation, input) {
    const receipt = checkReceipt(operation, input);
    return (context) => insertReceipt(context, operation, receipt);
  },

  complete(given, now) {
    const row: CompletedRow = {
      status: 'success',
      durationMs: 0,
      createdAt: now,
      updatedAt: given['createdAt'] ?? now,
      ...given,
    };
    if (row['receiptId'] !== undefined) return row;
    const { executionId, agentId, agentType, receiptJson, status, durationMs } = row;
    const identity = {
      executionId: textInId(executionId),
      agentId: textInId(agentId),
      agentType: textInId(agentType),
      receiptJson: textInId(receiptJson),
      status: textInId(status),
      durationMs: typeof durationMs === 'bigint' ? durationInId(durationMs) : (durationMs ?? 0),
    };
    row['receiptId'] = receiptIdOf(identity as ReceiptIdentity);
    row[IS_COMPUTED] = true;
    return row;
  },

  problemOf(row, isImported) {
    const problem =
      storedJsonProblem('receipt', row.receiptJson) ??
      timeProblem('created_at', row.createdAt) ??
      timeProblem('updated_at', row.updatedAt);
    if (problem !== undefined || isImported) return problem;
    const isKnownStatus = RECEIPT_STATUSES.includes(row.status as ReceiptStatus);
    const statusProblem = isKnownStatus ? undefined : `status is ${JSON.stringify(row.status)}`;
    if ((row as object as CompletedRow)[IS_COMPUTED]) return statusProblem;
    const { executionId, agentId, agentType, receiptJson, durationMs } = row;
    const status = row.status as ReceiptStatus;
    const expected = receiptIdOf({
      executionId,
      agentId,
      agentType,
      receiptJson,
      status,
      durationMs: durationInId(durationMs),
    });
    if (expected !== row.receiptId) {
      return `receipt_id is ${row.receiptId}, but the receipt's content gives ${expected}`;
    }
    return statusProblem;
  },
};

/** The fields of a receipt that its id is computed from. */
interface ReceiptIdentity {
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly receiptJson: string;
  readonly status: ReceiptStatus;
  readonly durationMs: number;
}

/** A receipt that has passed every check, with its id. */
interface CheckedReceipt extends ReceiptIdentity {
  readonly receiptId: string;
  readonly ifAbsent: boolean;
}

/** Computes the id of a receipt: SHA-256 over the canonical form (RFC 8785) of its identity. */
function receiptIdOf(identity: ReceiptIdentity): string {
  // With the keys in alphabetical order, well-formed text and whole numbers are in canonical form already.
  const canonical = JSON.stringify({
    agentId: identity.agentId,
    agentType: identity.agentType,
    durationMs: identity.durationMs,
    executionId: identity.executionId,
    receipt: identity.receiptJson,
    status: identity.status,
  });
  return sha256Hex(canonical);
}

/** Reads a stored duration as ids have it. Another program may have stored a bigint, which is in no id. */
function durationInId(stored: number | bigint | null): number {
  return Number(stored ?? 0);
}

/** Reads a given value as its column stores it: a bigint, which is in no id, becomes a text. */
function textInId(given: SqlValue | undefined): SqlValue | undefined {
  return typeof given === 'bigint' ? String(given) : given;
}

function checkReceipt(operation: string, input: NewReceipt): CheckedReceipt {
  const {
    executionId,
    agentId,
    agentType,
    receipt,
    status = 'success',
    durationMs = 0,
  } = checkFields({ operation, name: 'receipt' }, input);
  checkRequired(operation, { executionId, agentId, agentType, receipt: receipt === null ? 'null' : receipt });
  const identity: ReceiptIdentity = {
    executionId: checkText({ operation, name: 'executionId' }, executionId),
    agentId: checkText({ operation, name: 'agentId' }, agentId),
    agentType: checkText({ operation, name: 'agentType' }, agentType),
    receiptJson: checkJson({ operation, name: 'receipt' }, receipt),
    status: checkChoice({ operation, name: 'status' }, status, RECEIPT_STATUSES),
    durationMs: checkWholeNumber({ operation, name: 'durationMs' }, durationMs),
  };
  return { ...identity, receiptId: receiptIdOf(identity), ifAbsent: input.ifAbsent ?? false };
}

const INSERT_SQL = `${insertSql(receiptsTable)} ON CONFLICT DO NOTHING`;

/** @throws {PersistenceError} DUPLICATE_EXECUTION */
function insertReceipt(
  { connection, now, log }: WriteContext,
  operation: string,
  receipt: CheckedReceipt,
): SavedReceipt {
  const { receiptId, executionId, agentId, agentType, receiptJson, status, durationMs } = receipt;
  const values = [receiptId, executionId, agentId, agentType, receiptJson, status, now, now, durationMs];
  if (connection.run(INSERT_SQL, values) === 1) {
    log?.({ table: 'receipts', values });
    return { receiptId, created: true };
  }
  const identical = connection.get('SELECT 1 FROM receipts WHERE receipt_id = ? AND execution_id = ?', [
    receiptId,
    executionId,
  ]);
  if (identical && receipt.ifAbsent) return { receiptId, created: false };
  throw new PersistenceError(
    'DUPLICATE_EXECUTION',
    `The execution id ${JSON.stringify(executionId)} already has ${identical ? 'this receipt' : 'another receipt'}`,
    {
      operation,
      hint: identical
        ? 'Use `ifAbsent` to make saving it again a no-op.'
        : 'Give the new execution its own id.',
    },
  );
}

/** Shortest beginning of an id: shorter ones would soon be ambiguous. */
const MIN_PREFIX_CHARACTERS = 4;

/** A checked {@link ReceiptLookup}: the column, the text, and whether the id only begins with it. */
export interface CheckedReceiptLookup {
  readonly column: 'receipt_id' | 'execution_id';
  readonly text: string;
  readonly isPrefix: boolean;
}

/** Checks which receipt is asked for. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkReceiptLookup(operation: string, given: ReceiptLookup): CheckedReceiptLookup {
  if (typeof given !== 'object' || given === null) {
    checkRequired(operation, { receiptId: given });
    const text = checkText({ operation, name: 'receiptId' }, given);
    return { column: 'receipt_id', text, isPrefix: false };
  }
  const { idPrefix, executionId } = given as { readonly idPrefix?: unknown; readonly executionId?: unknown };
  if (executionId !== undefined && idPrefix !== undefined) {
    throw new PersistenceError('INVALID_ARGUMENT', 'idPrefix and executionId exclude each other', {
      operation,
    });
  }
  if (executionId !== undefined) {
    checkRequired(operation, { executionId });
    const text = checkText({ operation, name: 'executionId' }, executionId);
    return { column: 'execution_id', text, isPrefix: false };
  }
  checkRequired(operation, { idPrefix });
  const field = { operation, name: 'idPrefix' };
  const text = checkText(field, idPrefix);
  if (text.length < MIN_PREFIX_CHARACTERS) {
    throw invalid(field, text, `at least ${MIN_PREFIX_CHARACTERS} characters`);
  }
  return { column: 'receipt_id', text, isPrefix: true };
}

const STORED_JSON = { table: 'receipts', column: 'receipt_json' } as const;

/**
 * Finds the stored JSON of a receipt.
 * @throws {PersistenceError} NOT_FOUND; INVALID_ARGUMENT when several ids begin with the text
 */
export function findReceiptJson(
  connection: SqliteConnection,
  operation: string,
  { column, text, isPrefix }: CheckedReceiptLookup,
): string {
  const exact = connection.get(`SELECT rowid, receipt_json FROM receipts WHERE ${column} = ?`, [text]);
  if (exact) return storedJsonText(connection, operation, STORED_JSON, exact);
  const begun = isPrefix
    ? connection.all(
        'SELECT rowid, receipt_json FROM receipts WHERE receipt_id > ? AND receipt_id < ? ORDER BY receipt_id LIMIT 2',
        [text, `${text}${LAST_CHARACTER}`],
      )
    : [];
  const [first, second] = begun;
  const shown = JSON.stringify(text);
  if (second) {
    throw new PersistenceError('INVALID_ARGUMENT', `Several receipt ids begin with ${shown}`, {
      operation,
      hint: 'Give more of the id.',
    });
  }
  if (first) return storedJsonText(connection, operation, STORED_JSON, first);
  const what = column === 'execution_id' ? 'receipt of the execution' : 'receipt';
  const isExecution =
    column === 'receipt_id' && connection.get('SELECT 1 FROM receipts WHERE execution_id = ?', [text]);
  throw new PersistenceError('NOT_FOUND', `There is no ${what} ${shown}`, {
    operation,
    ...(isExecution && { hint: 'An execution has this id: look its receipt up by `executionId`.' }),
  });
}
