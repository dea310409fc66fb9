import { useDeferredValue, useState, type ReactNode } from 'react';
import './table-panel.css';

/**
 * A table under its filter.
 *
 * @param noun - what is filtered, for the labels: `receipts`
 * @param children - the table for a pattern over agent ids
 */
export function TablePanel({
  noun,
  filters,
  children,
}: {
  noun: string;
  filters?: ReactNode;
  children: (agent: string) => ReactNode;
}): ReactNode {
  const [text, setText] = useState('');
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
      </div>
      {children(pattern === '' ? '%' : pattern)}
    </div>
  );
}
