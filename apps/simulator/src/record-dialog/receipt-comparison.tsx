import { errorReasonOf, showTime, type ReceiptRow } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { formatDuration, toMilliseconds } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { TextComparison } from '../editor/text-comparison-view.tsx';
import { formatted } from './json-text.tsx';

/** Shows two receipts side by side: their columns, and the differences of their JSON. */
export function ReceiptComparison({ earlier, later }: { earlier: ReceiptRow; later: ReceiptRow }): ReactNode {
  const rows: [string, (receipt: ReceiptRow) => ReactNode, boolean][] = [
    [
      'Status',
      (receipt) => <Status status={receipt.status} shown={errorReasonOf(receipt)} />,
      earlier.status !== later.status || errorReasonOf(earlier) !== errorReasonOf(later),
    ],
    ['Created (UTC)', ({ createdAt }) => showTime(createdAt), false],
    [
      'Duration',
      (receipt) => (
        <>
          {formatDuration(receipt.durationMs)}
          {receipt === later ? ` ${changeOf(earlier, later)}` : ''}
        </>
      ),
      earlier.durationMs !== later.durationMs,
    ],
    ['Agent', ({ agentId }) => <StoredText text={agentId} />, earlier.agentId !== later.agentId],
    ['Execution', ({ executionId }) => <StoredText text={executionId} />, false],
    [
      'Receipt ID',
      ({ receiptId }) => (
        <code>
          <StoredText text={receiptId} />
        </code>
      ),
      false,
    ],
  ];
  return (
    <section aria-label="Comparison" className="receipt-comparison">
      <table className="comparison-table">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Column</span>
            </th>
            <th scope="col">The other receipt</th>
            <th scope="col">This receipt</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, cell, isChanged]) => (
            <tr key={name} data-changed={isChanged}>
              <th scope="row">{name}</th>
              <td>{cell(earlier)}</td>
              <td>{cell(later)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <TextComparison
        before={formatted(earlier.receiptJson)}
        after={formatted(later.receiptJson)}
        beforeLabel="The other receipt"
        afterLabel="This receipt"
      />
    </section>
  );
}

function changeOf(earlier: ReceiptRow, later: ReceiptRow): string {
  const [before, after] = [toMilliseconds(earlier.durationMs), toMilliseconds(later.durationMs)];
  if (before === after) return '(the same)';
  const difference = formatDuration(Math.abs(after - before));
  return after > before ? `(${difference} longer)` : `(${difference} shorter)`;
}
