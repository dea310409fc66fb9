import type { ReceiptRow, ReceiptStatus } from '../api/persistence.ts';
import type { TableShape } from './table.ts';

export const RECEIPT_STATUSES: readonly ReceiptStatus[] = ['success', 'error', 'partial'];

export const receiptsTable: TableShape<ReceiptRow> = {
  name: 'receipts',
  timeColumn: 'created_at',
  columns: [
    { column: 'receipt_id', field: 'receiptId' },
    { column: 'execution_id', field: 'executionId' },
    { column: 'agent_id', field: 'agentId' },
    { column: 'agent_type', field: 'agentType' },
    { column: 'receipt_json', field: 'receiptJson' },
    { column: 'status', field: 'status' },
    { column: 'created_at', field: 'createdAt' },
    { column: 'updated_at', field: 'updatedAt' },
    { column: 'duration_ms', field: 'durationMs' },
  ],
};
