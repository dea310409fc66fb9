import { errorReasonOf, type AuditRow, type ErrorReason, type ReceiptRow } from '@ggen-sim/core';

/** A receipt without its JSON, which is read when the receipt is opened. */
export interface ReceiptSummary extends Omit<ReceiptRow, 'receiptJson' | 'updatedAt'> {
  readonly errorReason: ErrorReason | undefined;
}

/** Picks what tables and charts show of a receipt. */
export function summarizeReceipt(row: ReceiptRow): ReceiptSummary {
  const { receiptId, executionId, agentId, agentType, status, createdAt, durationMs } = row;
  const errorReason = errorReasonOf(row);
  return { receiptId, executionId, agentId, agentType, status, createdAt, durationMs, errorReason };
}

/** The stored record that the dialog shows. */
export type SelectedRecord =
  | { readonly table: 'receipts'; readonly receipt: ReceiptSummary }
  | {
      readonly table: 'agent_memory';
      readonly agentId: string;
      readonly version: number;
      readonly lastUpdated: string;
    }
  | { readonly table: 'audit_log'; readonly entry: AuditRow };
