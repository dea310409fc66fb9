import type { ReceiptRow } from '@ggen-sim/core';
import { endOfId, formatDuration, shortId } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import type { TableDefinition } from './filtered-table.tsx';

/** A receipt without its JSON, which is read when the receipt is opened. */
type ReceiptSummary = Pick<
  ReceiptRow,
  'receiptId' | 'executionId' | 'agentId' | 'status' | 'createdAt' | 'durationMs'
>;

/** The table of receipts. */
export const RECEIPTS_TABLE: TableDefinition<ReceiptRow, ReceiptSummary> = {
  table: 'receipts',
  title: 'Receipts',
  query: (persistence, { agent, order }) =>
    persistence.queryReceipts({ agent, order, limit: Number.MAX_SAFE_INTEGER }),
  summarize: ({ receiptId, executionId, agentId, status, createdAt, durationMs }) => ({
    receiptId,
    executionId,
    agentId,
    status,
    createdAt,
    durationMs,
  }),
  columns: [
    { title: 'Status', width: '84px', narrowWidth: '72px', cell: ({ status }) => <Status status={status} /> },
    {
      title: 'Created (UTC)',
      width: '136px',
      narrowWidth: '98px',
      cell: ({ createdAt }) => <Timestamp time={createdAt} />,
    },
    { title: 'Agent', width: 'minmax(64px, 1fr)', cell: ({ agentId }) => agentId },
    {
      title: 'Execution',
      width: 'minmax(80px, 2fr)',
      cell: ({ executionId }) => endOfId(executionId),
      wideOnly: true,
    },
    {
      title: 'Receipt',
      width: '108px',
      cell: ({ receiptId }) => <code>{shortId(receiptId)}</code>,
      wideOnly: true,
    },
    { title: 'Duration', width: '70px', cell: ({ durationMs }) => formatDuration(durationMs), align: 'end' },
  ],
  rowKey: ({ receiptId }) => receiptId,
  rowTone: ({ status }) => (status === 'error' ? 'error' : undefined),
  recordOf: ({ receiptId }) => ({ table: 'receipts', receiptId }),
  empty: {
    title: 'No receipts yet',
    advice: 'Run validation: every run leaves a receipt, even a failed one.',
  },
  noMatch: {
    title: 'No matching receipts',
    advice: 'Use * to match any text, as in validator-*, or clear the filter.',
  },
};
