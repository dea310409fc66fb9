import { showTime } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { DescriptionList } from '../components/description-list.tsx';
import { formatDuration } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import type { ReceiptSummary } from './selected-record.ts';

/** Shows the columns of a receipt, whatever its JSON holds. */
export function ReceiptDetails({ receipt }: { receipt: ReceiptSummary }): ReactNode {
  const { status, errorReason } = receipt;
  return (
    <DescriptionList
      items={[
        [
          'Status',
          <Status key="status" status={status} shown={errorReason && `${status} (${errorReason})`} />,
        ],
        ['Created', `${showTime(receipt.createdAt)} UTC`],
        ['Agent', <StoredText key="agent" text={receipt.agentId} />],
        ['Agent type', <StoredText key="type" text={receipt.agentType} />],
        ['Duration', formatDuration(receipt.durationMs)],
        ['Execution', <StoredText key="execution" text={receipt.executionId} />],
        [
          'Receipt ID',
          <code key="id">
            <StoredText text={receipt.receiptId} />
          </code>,
        ],
      ]}
    />
  );
}
