import type { Persistence, TableName } from '@ggen-sim/core';
import { useDeferredValue, useMemo, type ReactNode } from 'react';
import type { Address, Filters } from '../address/address.ts';
import { currentAddress, navigate, openRecord, useAddress } from '../address/navigation.ts';
import { pacedQuery } from '../database/paced-query.ts';
import { IS_STUDIO } from '../database/studio.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { FilterBar, type FilterChoice } from './filter-bar.tsx';
import { readsContent } from './row-filters.ts';
import { RowTable, type Column } from './row-table.tsx';
import { readRowsAhead, takeRowsAhead } from './rows-ahead.ts';
import { shownRows } from './shown-rows.ts';
import { DEFAULT_ORDER, ORDER_NAMES, orderOf, type Order } from './row-order.ts';
import type { RowSource } from './use-row-batches.ts';
import './filtered-table.css';

/** Title and advice for a table without rows. */
interface EmptyText {
  readonly title: string;
  readonly advice: string;
}

/** A table of the database as data: its query, its columns and its texts. */
export interface TableDefinition<Stored, Row> {
  readonly table: TableName;
  readonly title: string;
  readonly query: (persistence: Persistence, filters: Filters, order: Order) => AsyncIterable<Stored>;
  /** Counts the rows that pass; missing where the caller of the table does. */
  readonly count?: (persistence: Persistence, filters: Filters) => Promise<number>;
  readonly summarize: (row: Stored) => Row;
  readonly columns: readonly Column<Row>[];
  readonly filters: FilterChoice;
  readonly orders: readonly Order[];
  /** The record's name in addresses. */
  readonly rowKey: (row: Row) => string;
  readonly rowTone?: (row: Row) => 'error' | undefined;
  readonly empty: EmptyText;
  readonly noMatch: EmptyText;
}

const NO_TABLES: readonly TableName[] = [];

/** A studio runs no agent and has no session. */
const STUDIO_ADVICE = 'What other programs save to this file appears here by itself.';

/** Begins to read the rows that a table shows at an address. */
export function readTableAhead<Stored, Row>(
  { table, query, orders }: TableDefinition<Stored, Row>,
  address: Address,
): void {
  const { filters } = address;
  const order = orderOf(address.order, orders);
  void readRowsAhead(keyOf(table, order, JSON.stringify(filters)), table, (persistence) =>
    query(persistence, filters, order),
  );
}

function keyOf(table: TableName, order: Order, filterText: string): string {
  return `${table} ${order} ${filterText}`;
}

/**
 * Renders a table under its filters. The oldest of a hundred thousand rows are the first in the order “oldest first”,
 * without scrolling past the rows between.
 *
 * @param matching - number of rows that pass the filters, where the definition does not count them
 * @param total - number of rows without a filter
 */
export function FilteredTable<Stored, Row>({
  definition,
  matching: given,
  total,
}: {
  definition: TableDefinition<Stored, Row>;
  matching?: number | undefined;
  total: number | undefined;
}): ReactNode {
  const address = useDeferredValue(useAddress());
  const { table, title, query, count, summarize, columns, rowKey, rowTone, orders } = definition;
  const order = orderOf(address.order, orders);
  const { filters } = address;
  // An address is a new object after each change; only its filters make a new query.
  const filterText = JSON.stringify(filters);
  const source = useMemo<RowSource<Stored, Row>>(() => {
    const chosen = JSON.parse(filterText) as Filters;
    return {
      table,
      order,
      query: (persistence) =>
        takeRowsAhead<Stored>(keyOf(table, order, filterText), persistence) ??
        query(persistence, chosen, order),
      summarize,
    };
  }, [table, order, query, filterText, summarize]);
  const isFiltered = Object.keys(filters).length > 0;
  const matching = useLiveQuery(
    useMemo(
      () =>
        pacedQuery(async (persistence) => {
          const counted = JSON.parse(filterText) as Filters;
          const number = Object.keys(counted).length === 0 ? undefined : await count?.(persistence, counted);
          return { filterText, number };
        }),
      [count, filterText],
    ),
    // Such a count reads every row, which is too much after each commit.
    useMemo(
      () => (readsContent(JSON.parse(filterText) as Filters) ? NO_TABLES : [table]),
      [filterText, table],
    ),
  ).value;
  const matched = given ?? (matching?.filterText === filterText ? matching.number : undefined);
  const { title: emptyTitle, advice } = isFiltered ? definition.noMatch : definition.empty;
  const shownAdvice = IS_STUDIO && !isFiltered ? STUDIO_ADVICE : advice;
  return (
    <div className="filtered-table">
      <FilterBar
        title={title}
        filters={filters}
        choice={definition.filters}
        matching={matched}
        total={total}
      />
      <RowTable
        // A new filter makes a new table, so that it starts at the top.
        key={`${order} ${filterText}`}
        label={`${title}, ${ORDER_NAMES[order]}`}
        source={source}
        columns={columns}
        order={order}
        onOrder={(next) =>
          navigate({ ...currentAddress(), order: next === DEFAULT_ORDER ? undefined : next })
        }
        rowKey={rowKey}
        {...(rowTone === undefined ? {} : { rowTone })}
        total={isFiltered ? matched : total}
        onRows={(rows) => void shownRows.set(table, rows.map(rowKey))}
        onOpen={(row) => openRecord(rowKey(row))}
        empty={
          <>
            <strong>{emptyTitle}</strong>
            <span>{shownAdvice}</span>
          </>
        }
      />
    </div>
  );
}
