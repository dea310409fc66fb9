import type { ReceiptRow } from '@ggen-sim/core';
import { endOfId, formatDuration, shortId } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import { summarizeReceipt, type ReceiptSummary } from '../record-dialog/receipt-summary.ts';
import { textOf } from '../components/printable.ts';
import { StoredText } from '../components/stored-text.tsx';
import { RECEIPT_OUTCOMES, receiptFiltersOf } from './row-filters.ts';
import { DURATION_ORDERS, TIME_ORDERS } from './row-order.ts';
import type { TableDefinition } from './filtered-table.tsx';

/** The table of receipts. */
export const RECEIPTS_TABLE: TableDefinition<ReceiptRow, ReceiptSummary> = {
  table: 'receipts',
  title: 'Receipts',
  query: (persistence, filters, order) =>
    persistence.queryReceipts({ ...receiptFiltersOf(filters), order, limit: Number.MAX_SAFE_INTEGER }),
  filters: {
    names: ['agent', 'status', 'type', 'execution', 'since', 'until', 'text'],
    statuses: RECEIPT_OUTCOMES,
  },
  orders: [...TIME_ORDERS, ...DURATION_ORDERS],
  summarize: summarizeReceipt,
  columns: [
    {
      title: 'Status',
      width: '92px',
      narrowWidth: '86px',
      cell: ({ status, errorReason }) => <Status status={status} shown={errorReason} />,
    },
    {
      title: 'Created',
      unit: '(UTC)',
      orders: ['newest-first', 'oldest-first'],
      width: '136px',
      narrowWidth: '98px',
      cell: ({ createdAt }) => <Timestamp time={createdAt} />,
    },
    {
      title: 'Agent',
      width: 'minmax(64px, 1fr)',
      narrowWidth: 'minmax(40px, 1fr)',
      cell: ({ agentId }) => <StoredText text={agentId} />,
    },
    {
      title: 'Execution',
      width: 'minmax(80px, 2fr)',
      cell: ({ executionId }) => <StoredText text={endOfId(executionId)} />,
      wideOnly: true,
    },
    {
      title: 'Receipt',
      width: '108px',
      cell: ({ receiptId }) => (
        <code>
          <StoredText text={shortId(receiptId)} />
        </code>
      ),
      wideOnly: true,
    },
    {
      title: 'Duration',
      width: '76px',
      cell: ({ durationMs }) => formatDuration(durationMs),
      align: 'end',
      orders: ['longest-first', 'shortest-first'],
    },
  ],
  rowKey: ({ receiptId }) => textOf(receiptId),
  rowTone: ({ status }) => (status === 'error' ? 'error' : undefined),
  empty: {
    title: 'No receipts yet',
    advice: 'Run validation: every run leaves a receipt, even a failed one.',
  },
  noMatch: {
    title: 'No matching receipts',
    advice: 'Use * to match any text, as in validator-*, or clear the filters.',
  },
};
