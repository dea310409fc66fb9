import type { RowOrder } from '@ggen-sim/core';
import { Fragment, useDeferredValue, useState, type ReactNode } from 'react';
import './filtered-table.css';

/** How a table's name says its order. */
export const ORDER_WORDS: Readonly<Record<RowOrder, string>> = {
  'newest-first': 'newest first',
  'oldest-first': 'oldest first',
};

/**
 * A table under its filter and its order. The oldest of a hundred thousand rows are the first of the other order: no
 * scrolling past all rows between.
 *
 * @param noun - what is filtered, for the labels: `receipts`
 * @param children - the table for a pattern over agent ids, in an order
 */
export function TablePanel({
  noun,
  filters,
  children,
}: {
  noun: string;
  filters?: ReactNode;
  children: (agent: string, order: RowOrder) => ReactNode;
}): ReactNode {
  const [text, setText] = useState('');
  const [order, setOrder] = useState<RowOrder>('newest-first');
  const pattern = useDeferredValue(text.trim());
  return (
    <div className="table-panel">
      <div className="table-panel__filters">
        <label className="labelled table-panel__agent">
          Agent
          <input
            className="field"
            type="search"
            value={text}
            placeholder="validator-* (all)"
            aria-label={`Filter ${noun} by agent; * stands for anything`}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {filters}
        <label className="labelled">
          Order
          <select
            className="field"
            value={order}
            onChange={(event) => setOrder(event.target.value as RowOrder)}
          >
            <option value="newest-first">newest first</option>
            <option value="oldest-first">oldest first</option>
          </select>
        </label>
      </div>
      {/* Other rows are another table: it begins at its top, wherever the one before was scrolled to. */}
      <Fragment key={`${order} ${pattern}`}>{children(pattern === '' ? '%' : pattern, order)}</Fragment>
    </div>
  );
}
