import type { Persistence, RowOrder, TableName } from '@ggen-sim/core';
import { useDeferredValue, useMemo, useState, type ReactNode } from 'react';
import type { SelectedRecord } from '../record-dialog/selected-record.ts';
import { RowTable, type Column } from './row-table.tsx';
import type { RowSource } from './use-row-batches.ts';
import './filtered-table.css';

/** A filter on the rows of a table. */
export interface RowFilter {
  /** Pattern of agent ids. */
  readonly agent: string;
  readonly order: RowOrder;
  /** Age in days of the oldest row. Only tables with a period have it as a filter. */
  readonly days: number;
}

/** Title and advice for a table without rows. */
interface EmptyText {
  readonly title: string;
  readonly advice: string;
}

/** A table of the database as data: its query, its columns and its texts. */
export interface TableDefinition<Stored, Row> {
  readonly table: TableName;
  readonly title: string;
  readonly query: (persistence: Persistence, filter: RowFilter) => AsyncIterable<Stored>;
  readonly summarize: (row: Stored) => Row;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly rowTone?: (row: Row) => 'error' | undefined;
  readonly recordOf: (row: Row) => SelectedRecord;
  /** True when the rows can be filtered by age. @default false */
  readonly hasPeriod?: boolean;
  readonly empty: EmptyText;
  readonly noMatch: EmptyText;
}

const ANY_AGENT = '%';
/** A hundred years, which covers every row. */
const ALL_DAYS = 36_500;

const ORDER_NAMES: Readonly<Record<RowOrder, string>> = {
  'newest-first': 'newest first',
  'oldest-first': 'oldest first',
};

/**
 * Renders a table under its filters. The oldest of a hundred thousand rows are the first in the order “oldest first”,
 * without scrolling past the rows between.
 *
 * @param total - number of rows without a filter
 */
export function FilteredTable<Stored, Row>({
  definition,
  total,
  onOpen,
}: {
  definition: TableDefinition<Stored, Row>;
  total: number | undefined;
  onOpen: (record: SelectedRecord) => void;
}): ReactNode {
  const [agentText, setAgentText] = useState('');
  const [order, setOrder] = useState<RowOrder>('newest-first');
  const [days, setDays] = useState(ALL_DAYS);
  const pattern = useDeferredValue(agentText.trim());
  const agent = pattern === '' ? ANY_AGENT : pattern;
  const { table, title, query, summarize, columns, rowKey, rowTone, recordOf, hasPeriod } = definition;
  const source = useMemo<RowSource<Stored, Row>>(
    () => ({ table, order, query: (persistence) => query(persistence, { agent, order, days }), summarize }),
    [table, order, query, agent, days, summarize],
  );
  const isFiltered = agent !== ANY_AGENT || days !== ALL_DAYS;
  const { title: emptyTitle, advice } = isFiltered ? definition.noMatch : definition.empty;
  return (
    <div className="filtered-table">
      <div className="filtered-table__filters">
        <label className="labelled filtered-table__agent">
          Agent
          <input
            className="field"
            type="search"
            value={agentText}
            placeholder="e.g. validator-*"
            aria-label={`Filter ${title.toLowerCase()} by agent; * matches any text`}
            onChange={(event) => setAgentText(event.target.value)}
          />
        </label>
        {hasPeriod === true ? (
          <label className="labelled">
            Period
            <select className="field" value={days} onChange={(event) => setDays(Number(event.target.value))}>
              <option value={1}>last day</option>
              <option value={7}>last 7 days</option>
              <option value={30}>last 30 days</option>
              <option value={ALL_DAYS}>all time</option>
            </select>
          </label>
        ) : null}
        <label className="labelled">
          Order
          <select
            className="field"
            value={order}
            onChange={(event) => setOrder(event.target.value as RowOrder)}
          >
            {Object.entries(ORDER_NAMES).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <RowTable
        // A new filter makes a new table, so that it starts at the top.
        key={`${order} ${days} ${pattern}`}
        label={`${title}, ${ORDER_NAMES[order]}`}
        source={source}
        columns={columns}
        rowKey={rowKey}
        {...(rowTone === undefined ? {} : { rowTone })}
        total={isFiltered ? undefined : total}
        onOpen={(row) => onOpen(recordOf(row))}
        empty={
          <>
            <strong>{emptyTitle}</strong>
            <span>{advice}</span>
          </>
        }
      />
    </div>
  );
}
