import { errorReasonOf, type ErrorReason, type ReceiptRow } from '@ggen-sim/core';

/** A receipt without its JSON, which is read when the receipt is opened. */
export interface ReceiptSummary extends Omit<ReceiptRow, 'receiptJson' | 'updatedAt'> {
  readonly errorReason: ErrorReason | undefined;
}

/** Picks what tables and charts show of a receipt. */
export function summarizeReceipt(row: ReceiptRow): ReceiptSummary {
  const { receiptId, executionId, agentId, agentType, status, createdAt, durationMs } = row;
  const errorReason = reasonOf(row);
  return { receiptId, executionId, agentId, agentType, status, createdAt, durationMs, errorReason };
}

/** Error receipts whose reason is remembered: more than the chart and the first batch of a table show. */
const MAX_REASONS = 2000;
const reasons = new Map<string, ErrorReason | undefined>();

/**
 * Remembers the reasons, because chart and table read the same rows again after every commit and a receipt may have
 * megabytes of JSON. A receipt's id is a hash of its content; the length tells most rows of other programs apart.
 */
function reasonOf(row: ReceiptRow): ErrorReason | undefined {
  if (row.status !== 'error') return undefined;
  const key = `${row.receiptJson.length} ${row.receiptId}`;
  if (!reasons.has(key)) {
    if (reasons.size >= MAX_REASONS) reasons.clear();
    reasons.set(key, errorReasonOf(row));
  }
  return reasons.get(key);
}
