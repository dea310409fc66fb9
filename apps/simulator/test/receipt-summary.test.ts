/** What tables and charts show of a receipt. */
import type { ReceiptRow } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { summarizeReceipt } from '../src/record-dialog/receipt-summary.ts';

const rowOf = (receiptId: string, receipt: unknown, status = 'error'): ReceiptRow => ({
  receiptId,
  executionId: 'exec',
  agentId: 'agent',
  agentType: 'validation',
  receiptJson: JSON.stringify(receipt),
  status: status,
  createdAt: '2026-01-01 00:00:00',
  updatedAt: '2026-01-01 00:00:00',
  durationMs: 1,
});

it('an execution that is saved again with another result has the reason of that', () => {
  for (let round = 0; round < 2; round += 1) {
    expect(summarizeReceipt(rowOf('a', { conforms: false })).errorReason).toBe('violations');
    expect(summarizeReceipt(rowOf('b', { error: 'broken' })).errorReason).toBe('failed');
    expect(summarizeReceipt(rowOf('c', {})).errorReason).toBeUndefined();
    expect(summarizeReceipt(rowOf('a', { conforms: false }, 'success')).errorReason).toBeUndefined();
  }
});
