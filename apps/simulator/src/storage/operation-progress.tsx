import type { ReactNode } from 'react';
import type { LongOperation } from './use-long-operation.ts';

/** Shows how far a long operation is, and a button that cancels it. */
export function OperationProgress({
  operation: { progress, cancel },
}: {
  operation: Pick<LongOperation<unknown>, 'progress' | 'cancel'>;
}): ReactNode {
  if (progress === undefined) return null;
  return (
    <>
      <button type="button" className="button" onClick={cancel}>
        Cancel
      </button>
      <span className="muted">{progress}</span>
    </>
  );
}
