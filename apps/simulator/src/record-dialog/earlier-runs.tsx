import { showTime, type Persistence, type ReceiptRow, type TableName } from '@ggen-sim/core';
import { useCallback, useRef, type ReactNode } from 'react';
import { currentAddress, navigate, useAddress } from '../address/navigation.ts';
import { formatDuration } from '../components/format.ts';
import { printable, textOf } from '../components/printable.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { readEarlierRuns } from './stored-record.ts';

const NO_TABLES: readonly TableName[] = [];

/** Offers the runs of the same agent before this one for a comparison. */
export function EarlierRuns({ receipt }: { receipt: ReceiptRow }): ReactNode {
  const { compare } = useAddress();
  const query = useCallback((persistence: Persistence) => readEarlierRuns(persistence, receipt), [receipt]);
  const { value: runs } = useLiveQuery(query, NO_TABLES);
  const choice = useRef<HTMLSelectElement>(null);
  const compareWith = (receiptId: string): void =>
    navigate({ ...currentAddress(), compare: receiptId === '' ? undefined : receiptId });
  if (runs === undefined) return null;
  const [previous] = runs;
  if (previous === undefined && compare === undefined) return null;
  const isListed = compare === undefined || runs.some(({ receiptId }) => textOf(receiptId) === compare);
  return (
    <div className="record-dialog__actions">
      <label className="labelled">
        Compare with
        <select className="field" value={compare ?? ''} onChange={(event) => compareWith(event.target.value)}>
          <option value="">no other run</option>
          {isListed ? null : <option value={compare}>{printable(compare)}</option>}
          {runs.map(({ receiptId, createdAt, status, durationMs }, index) => (
            <option key={textOf(receiptId)} value={textOf(receiptId)}>
              {`${showTime(createdAt)}, ${printable(status)}, ${formatDuration(durationMs)}${index === 0 ? ' (the run before)' : ''}`}
            </option>
          ))}
        </select>
      </label>
      {compare === undefined ? null : (
        <button
          type="button"
          className="button"
          onClick={() => {
            choice.current?.focus();
            compareWith('');
          }}
        >
          End the comparison
        </button>
      )}
    </div>
  );
}
