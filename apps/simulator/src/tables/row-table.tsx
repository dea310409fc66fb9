import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { formatCount, formatPlural } from '../components/format.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { useRowPages, type RowPagesSource } from './use-row-batches.ts';
import './row-table.css';

/** A column of a {@link RowTable}. */
export interface Column<Row> {
  readonly title: string;
  /** As `grid-template-columns` has it. */
  readonly width: string;
  /** The same where there is little room. @default `width` */
  readonly narrowWidth?: string;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: 'end';
  /** Left out where there is little room. */
  readonly wideOnly?: boolean;
}

/** What {@link RowTable} takes. */
export interface RowTableProps<Stored, Row> {
  /** Names the table to those who cannot see it. */
  readonly label: string;
  readonly source: RowPagesSource<Stored, Row>;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly onOpen: (row: Row) => void;
  readonly rowTone?: (row: Row) => 'error' | undefined;
  /** How many rows there are in all, where that is known. */
  readonly total: number | undefined;
  readonly empty: ReactNode;
}

/** Custom properties are no part of React's style type. */
type CustomProperties = Record<`--${string}`, string>;

const ROW_HEIGHT_PX = 32;
/** Rows left below the screen when the next page is asked for. */
const READ_AHEAD_ROWS = 60;

/**
 * A table of any number of rows: only those on the screen are in the document, and only those scrolled past are in
 * memory. One tab stop; arrows, Page Up and Down, Home and End move, Enter opens.
 */
export function RowTable<Stored, Row>(props: RowTableProps<Stored, Row>): ReactNode {
  const { label, source, columns, rowKey, onOpen, rowTone, total, empty } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [pinned, setPinned] = useState(false);
  const pages = useRowPages(source, pinned);
  const { rows, ended, more } = pages;
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
    if (rows.length > 0 && !ended && lastVisible >= rows.length - READ_AHEAD_ROWS) void more();
    // The rows themselves, not their number: a page that was begun again may be as long as the one before.
  }, [rows, ended, lastVisible, more]);

  const activeIndex = Math.min(active, rows.length - 1);
  const moveTo = (index: number): void => {
    const target = Math.max(0, Math.min(rows.length - 1, index));
    setActive(target);
    virtualizer.scrollToIndex(target);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT_PX) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + pageRows,
      PageUp: activeIndex - pageRows,
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

  if (pages.failure) return <FailureNotice failure={pages.failure} />;
  if (pages.loaded && rows.length === 0) return <div className="empty">{empty}</div>;
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
        aria-busy={!pages.loaded}
        aria-activedescendant={
          items.some(({ index }) => index === activeIndex) ? rowId(activeIndex) : undefined
        }
        onKeyDown={onKeyDown}
        onScroll={(event) => setPinned(event.currentTarget.scrollTop > ROW_HEIGHT_PX)}
      >
        <div className="row-table__head" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <div key={column.title} role="columnheader" className={cellClass(column)}>
              {column.title}
            </div>
          ))}
        </div>
        <div role="rowgroup" className="row-table__body" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div
                key={rowKey(row)}
                id={rowId(index)}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={index === activeIndex}
                data-tone={rowTone?.(row)}
                className="row-table__row"
                style={{ transform: `translateY(${start}px)` }}
                onClick={() => {
                  setActive(index);
                  onOpen(row);
                }}
              >
                {columns.map((column) => (
                  <div key={column.title} role="gridcell" className={cellClass(column)}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      <div className="row-table__foot">
        <span>
          {ended || total === undefined
            ? formatPlural(rows.length, 'row')
            : `${formatCount(rows.length)} of ${formatCount(total)} rows read; scroll for more`}
        </span>
        {pages.stale && (ended || source.order === 'newest-first') ? (
          <button
            type="button"
            className="button"
            onClick={() => {
              setActive(0);
              virtualizer.scrollToOffset(0);
              void pages.refresh('always');
            }}
          >
            {source.order === 'newest-first' ? 'Show newer rows' : 'Read again'}
          </button>
        ) : null}
      </div>
    </div>
  );
}

function cellClass<Row>({ align, wideOnly }: Column<Row>): string {
  return `row-table__cell${align === 'end' ? ' row-table__cell--end' : ''}${wideOnly === true ? ' row-table__cell--wide' : ''}`;
}
