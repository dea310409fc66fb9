import { useVirtualizer } from '@tanstack/react-virtual';
import {
  memo,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { formatCount, formatPlural } from '../components/format.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { firstRowsShown } from './first-rows.ts';
import type { Order } from './row-order.ts';
import { useRowBatches, type RowSource } from './use-row-batches.ts';
import './row-table.css';

/** A column of a {@link RowTable}. */
export interface Column<Row> {
  readonly title: string;
  /** Behind the title, where there is room. */
  readonly unit?: string;
  /** A track size of `grid-template-columns`. */
  readonly width: string;
  /** The track size in a narrow window. @default `width` */
  readonly narrowWidth?: string;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: 'end';
  /** True when a narrow window leaves the column out. */
  readonly wideOnly?: boolean;
  /** The orders that a click on the title changes between; the first one comes first. */
  readonly orders?: readonly [Order, Order];
}

/** The properties of {@link RowTable}. */
export interface RowTableProps<Stored, Row> {
  /** The table's name for screen readers. */
  readonly label: string;
  readonly source: RowSource<Stored, Row>;
  readonly columns: readonly Column<Row>[];
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  readonly rowKey: (row: Row) => string;
  /** Called with the rows that are loaded, after each batch. */
  readonly onRows: (rows: readonly Row[]) => void;
  readonly onOpen: (row: Row) => void;
  readonly rowTone?: (row: Row) => 'error' | undefined;
  /** The number of rows in all, where it is known. */
  readonly total: number | undefined;
  readonly empty: ReactNode;
}

/** CSS custom properties, which React's style type leaves out. */
type CustomProperties = Record<`--${string}`, string>;

const ROW_HEIGHT_PX = 32;
/** Rows left below the visible ones when the next batch is read. */
const READ_AHEAD_ROWS = 60;

/**
 * Renders a table of any number of rows. Only visible rows are in the document, and only rows scrolled past are in
 * memory. The table is one tab stop: arrows, Page Up and Down, Home and End move, Enter opens.
 */
export function RowTable<Stored, Row>(props: RowTableProps<Stored, Row>): ReactNode {
  const { label, source, columns, order, onOrder, rowKey, onRows, onOpen, rowTone, total, empty } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(false);
  const batches = useRowBatches(source, scrolled);
  const { rows, ended, readMore } = batches;
  const [active, setActive] = useState(0);
  const idBase = useId();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 10,
    scrollPaddingStart: ROW_HEIGHT_PX,
  });
  const items = virtualizer.getVirtualItems();
  const lastVisible = items.at(-1)?.index ?? 0;

  useEffect(() => {
    if (rows.length > 0 && !ended && lastVisible >= rows.length - READ_AHEAD_ROWS) void readMore();
    // Depends on the rows, not on their number: a refreshed batch may be as long as the one before.
  }, [rows, ended, lastVisible, readMore]);

  useEffect(() => {
    if (batches.loaded) firstRowsShown();
  }, [batches.loaded]);

  const latestOnRows = useRef(onRows);
  latestOnRows.current = onRows;
  useEffect(() => {
    latestOnRows.current(rows);
  }, [rows]);

  const latestOnOpen = useRef(onOpen);
  latestOnOpen.current = onOpen;
  const choose = useCallback((index: number, row: Row) => {
    setActive(index);
    latestOnOpen.current(row);
  }, []);

  const activeIndex = Math.min(active, rows.length - 1);
  const moveTo = (index: number): void => {
    const target = Math.max(0, Math.min(rows.length - 1, index));
    setActive(target);
    virtualizer.scrollToIndex(target);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const visibleRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT_PX) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + visibleRows,
      PageUp: activeIndex - visibleRows,
      Home: 0,
      End: rows.length - 1,
    };
    const row = rows[activeIndex];
    const target = moves[event.key];
    if (target !== undefined) moveTo(target);
    else if (event.key === 'Enter' && row !== undefined) onOpen(row);
    else return;
    event.preventDefault();
  };

  if (batches.failure) return <FailureNotice failure={batches.failure} />;
  if (batches.loaded && rows.length === 0) return <div className="empty">{empty}</div>;
  const template: CustomProperties = {
    '--columns': columns.map(({ width }) => width).join(' '),
    '--columns-narrow': columns
      .filter(({ wideOnly }) => wideOnly !== true)
      .map(({ width, narrowWidth }) => narrowWidth ?? width)
      .join(' '),
  };
  const rowId = (index: number): string => `${idBase}-${index}`;
  return (
    <div className="row-table" style={template}>
      <div
        ref={scroller}
        className="row-table__scroller"
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={ended ? rows.length + 1 : (total ?? -2) + 1}
        aria-colcount={columns.length}
        aria-busy={!batches.loaded}
        aria-activedescendant={
          items.some(({ index }) => index === activeIndex) ? rowId(activeIndex) : undefined
        }
        onKeyDown={onKeyDown}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop > ROW_HEIGHT_PX)}
      >
        <div className="row-table__head" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <ColumnHead key={column.title} column={column} order={order} onOrder={onOrder} />
          ))}
        </div>
        <div role="rowgroup" className="row-table__body" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <TableRow
                key={rowKey(row)}
                id={rowId(index)}
                index={index}
                start={start}
                row={row}
                columns={columns}
                isActive={index === activeIndex}
                tone={rowTone?.(row)}
                onChoose={choose}
              />
            );
          })}
        </div>
      </div>
      <div className="row-table__foot">
        <span>
          {ended
            ? formatPlural(rows.length, 'row')
            : `${formatCount(rows.length)}${total === undefined ? '' : ` of ${formatCount(total)}`} rows loaded; scroll for more`}
        </span>
        {batches.stale && (ended || order === 'newest-first') ? (
          <button
            type="button"
            className="button"
            onClick={() => {
              setActive(0);
              virtualizer.scrollToOffset(0);
              void batches.refresh('always');
            }}
          >
            {order === 'newest-first' ? 'Show newer rows' : 'Reload rows'}
          </button>
        ) : null}
      </div>
    </div>
  );
}

interface TableRowProps<Row> {
  readonly id: string;
  readonly index: number;
  /** Distance from the first row, in pixels. */
  readonly start: number;
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly isActive: boolean;
  readonly tone: 'error' | undefined;
  readonly onChoose: (index: number, row: Row) => void;
}

/** A row. It renders again when something of it changes, not with every step of scrolling. */
const TableRow = memo(function TableRow<Row>({
  id,
  index,
  start,
  row,
  columns,
  isActive,
  tone,
  onChoose,
}: TableRowProps<Row>): ReactNode {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isActive}
      data-tone={tone}
      className="row-table__row"
      style={{ transform: `translateY(${start}px)` }}
      onClick={() => onChoose(index, row)}
    >
      {columns.map((column) => (
        <div key={column.title} role="gridcell" className={cellClass(column)}>
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}) as <Row>(props: TableRowProps<Row>) => ReactNode;

/** Shows a column's title: a button where the rows can be sorted by it. */
function ColumnHead<Row>({
  column,
  order,
  onOrder,
}: {
  column: Column<Row>;
  order: Order;
  onOrder: (order: Order) => void;
}): ReactNode {
  const { title, unit, orders } = column;
  const shownTitle = (
    <>
      {title}
      {unit === undefined ? null : <span className="row-table__unit"> {unit}</span>}
    </>
  );
  if (orders === undefined) {
    return (
      <div role="columnheader" className={cellClass(column)}>
        {shownTitle}
      </div>
    );
  }
  const [descending, ascending] = orders;
  const sorted = order === descending ? 'descending' : order === ascending ? 'ascending' : undefined;
  return (
    <div role="columnheader" aria-sort={sorted ?? 'none'} className={cellClass(column)}>
      <button
        type="button"
        className="row-table__sort"
        onClick={() => onOrder(sorted === 'descending' ? ascending : descending)}
      >
        <span className="row-table__title">{shownTitle}</span>
        {sorted === undefined ? null : <span aria-hidden="true">{sorted === 'descending' ? '↓' : '↑'}</span>}
      </button>
    </div>
  );
}

function cellClass<Row>({ align, wideOnly }: Column<Row>): string {
  return `row-table__cell${align === 'end' ? ' row-table__cell--end' : ''}${wideOnly === true ? ' row-table__cell--wide' : ''}`;
}
