import { sha256Hex } from '#hashing/sha256';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import type { NewReceipt, ReceiptStatus, SavedReceipt } from '../api/persistence.ts';
import {
  checkFields,
  checkChoice,
  checkRequired,
  checkText,
  checkWholeNumber,
} from '../validation/arguments.ts';
import { checkJson } from '../validation/json-text.ts';
import { RECEIPT_STATUSES, receiptsTable } from './receipts.table.ts';
import { selectList } from './table.ts';

/** A receipt that has passed every check, with its id. */
export interface CheckedReceipt {
  readonly receiptId: string;
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly receiptJson: string;
  readonly status: ReceiptStatus;
  readonly durationMs: number;
  readonly ifAbsent: boolean;
}

/** What of a receipt makes it that receipt. */
export type ReceiptIdentity = Pick<
  CheckedReceipt,
  'executionId' | 'agentId' | 'agentType' | 'receiptJson' | 'status' | 'durationMs'
>;

const columns: string = selectList(receiptsTable);

/** SHA-256 over the canonical form (RFC 8785) of what identifies a receipt. */
export function receiptIdOf(identity: ReceiptIdentity): string {
  // In the order of their names, well-formed text and whole numbers are in canonical form as they are.
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

/** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_JSON` */
export function checkReceipt(operation: string, input: NewReceipt): CheckedReceipt {
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

/** @throws PersistenceError `DUPLICATE_EXECUTION` */
export function insertReceipt(
  connection: SqliteConnection,
  operation: string,
  receipt: CheckedReceipt,
  createdAt: string,
): SavedReceipt {
  const { receiptId, executionId, agentId, agentType, receiptJson, status, durationMs } = receipt;
  const inserted = connection.run(
    `INSERT INTO receipts (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    [receiptId, executionId, agentId, agentType, receiptJson, status, createdAt, createdAt, durationMs],
  );
  if (inserted === 1) return { receiptId, created: true };
  const identical = connection.get('SELECT 1 FROM receipts WHERE receipt_id = ? AND execution_id = ?', [
    receiptId,
    executionId,
  ]);
  if (identical && receipt.ifAbsent) return { receiptId, created: false };
  throw new PersistenceError(
    'DUPLICATE_EXECUTION',
    `The execution id ${JSON.stringify(executionId)} has ${identical ? 'this very' : 'another'} receipt already`,
    {
      operation,
      hint: identical
        ? 'Ask for ifAbsent to make saving it again a no-op.'
        : 'Give the new execution an id of its own.',
    },
  );
}

/** The stored JSON of a receipt. */
export function findReceiptJson(connection: SqliteConnection, receiptId: string): string | undefined {
  return connection.get('SELECT receipt_json FROM receipts WHERE receipt_id = ?', [receiptId])?.[0] as
    | string
    | undefined;
}
