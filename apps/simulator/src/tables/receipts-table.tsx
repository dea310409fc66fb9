import type { ReceiptRow, RowOrder } from '@ggen-sim/core';
import { useMemo, type ReactNode } from 'react';
import { endOfId, formatDuration, shortId } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import type { ShownRecord } from '../record-dialog/selected-record.ts';
import { RowTable, type Column } from './row-table.tsx';
import { ORDER_WORDS, TablePanel } from './filtered-table.tsx';
import type { RowPagesSource } from './use-row-batches.ts';

/** A receipt without its JSON, which is read when somebody opens it. */
type ReceiptSummary = Pick<
  ReceiptRow,
  'receiptId' | 'executionId' | 'agentId' | 'status' | 'createdAt' | 'durationMs'
>;

function summaryOf(row: ReceiptRow): ReceiptSummary {
  const { receiptId, executionId, agentId, status, createdAt, durationMs } = row;
  return { receiptId, executionId, agentId, status, createdAt, durationMs };
}

const COLUMNS: readonly Column<ReceiptSummary>[] = [
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
];

/** Receipts, newest first unless asked otherwise. */
export function ReceiptsTable({
  total,
  onOpen,
}: {
  total: number | undefined;
  onOpen: (record: ShownRecord) => void;
}): ReactNode {
  return (
    <TablePanel noun="receipts">
      {(agent, order) => <FilteredReceipts agent={agent} order={order} total={total} onOpen={onOpen} />}
    </TablePanel>
  );
}

function FilteredReceipts({
  agent,
  order,
  total,
  onOpen,
}: {
  agent: string;
  order: RowOrder;
  total: number | undefined;
  onOpen: (record: ShownRecord) => void;
}): ReactNode {
  const source = useMemo<RowPagesSource<ReceiptRow, ReceiptSummary>>(
    () => ({
      table: 'receipts',
      order,
      query: (persistence) => persistence.queryReceipts({ agent, order, limit: Number.MAX_SAFE_INTEGER }),
      keep: summaryOf,
    }),
    [agent, order],
  );
  return (
    <RowTable
      label={`Receipts, ${ORDER_WORDS[order]}`}
      source={source}
      columns={COLUMNS}
      rowKey={({ receiptId }) => receiptId}
      rowTone={({ status }) => (status === 'error' ? 'error' : undefined)}
      total={agent === '%' ? total : undefined}
      onOpen={({ receiptId }) => onOpen({ table: 'receipts', receiptId })}
      empty={
        agent === '%' ? (
          <>
            <strong>No receipts yet</strong>
            <span>Run the validation agent: every run leaves one, failed runs too.</span>
          </>
        ) : (
          <>
            <strong>No receipts of “{agent}”</strong>
            <span>Use * for any text, as in validator-*, or clear the filter.</span>
          </>
        )
      }
    />
  );
}
