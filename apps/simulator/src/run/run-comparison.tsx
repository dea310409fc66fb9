import type { ValidationReceipt } from '@ggen-sim/agents';
import type { ReactNode } from 'react';
import { linkTo } from '../address/navigation.ts';
import { formatCount } from '../components/format.ts';
import { violationChanges } from './violation-changes.ts';
import './run-comparison.css';

/** Says what the latest run changed against the run before, and leads to both side by side. */
export function RunComparison({
  before,
  after,
  afterId,
}: {
  before: { readonly receipt: ValidationReceipt; readonly receiptId: string };
  after: ValidationReceipt;
  afterId: string | undefined;
}): ReactNode {
  const changes = violationChanges(before.receipt, after);
  return (
    <p className="run-comparison">
      {changes === undefined ? (
        'Since the run before: '
      ) : (
        <>
          Since the run before:{' '}
          <strong className="status--success">{formatCount(changes.fixed)} fixed</strong>,{' '}
          <strong className={changes.added > 0 ? 'status--error' : 'status--neutral'}>
            {formatCount(changes.added)} new
          </strong>
          , {formatCount(changes.remaining)} unchanged.{' '}
        </>
      )}
      {afterId === undefined || afterId === before.receiptId ? null : (
        <a href={linkTo({ view: 'receipts', record: afterId, compare: before.receiptId, filters: {} })}>
          Compare the two runs
        </a>
      )}
    </p>
  );
}
