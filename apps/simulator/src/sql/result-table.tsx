import type { SqlResult, SqlResultValue } from '@ggen-sim/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { linkTo } from '../address/navigation.ts';
import { CopyableText } from '../components/copyable-text.tsx';
import { formatBytes, formatCount, shortId } from '../components/format.ts';
import { textOf } from '../components/printable.ts';
import { StoredText } from '../components/stored-text.tsx';

const ROW_HEIGHT_PX = 30;
/** Rows whose values decide how wide a column is. */
const MEASURED_ROWS = 100;
const [LEAST_CHARACTERS, MOST_CHARACTERS] = [5, 36];
const CHARACTER_PX = 7.2;
const PADDING_PX = 24;
/** A longer text is cut in its cell. */
const CELL_CHARACTERS = 200;
/** A longer value is copied or downloaded, not shown. */
const SHOWN_CHARACTERS = 100_000;

/** Columns whose values name a record, and its view. */
const RECORD_VIEWS: Readonly<Record<string, 'receipts' | 'memory' | 'audit'>> = {
  receipt_id: 'receipts',
  agent_id: 'memory',
  audit_id: 'audit',
};

/** A column of the result, as it is shown. */
interface ShownColumn {
  readonly name: string;
  readonly widthPx: number;
  readonly isNumeric: boolean;
}

/**
 * Shows the rows of a query. Only visible cells are in the document. The table is one tab stop: arrows, Page Up and Down,
 * Home and End choose a cell, whose whole value is shown below.
 */
export function ResultTable({ result }: { result: SqlResult }): ReactNode {
  const { rows, columns: names } = result;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<{ readonly row: number; readonly column: number }>();
  const idBase = useId();
  const columns = useMemo(() => names.map((name, index) => columnOf(name, index, rows)), [names, rows]);
  const rowItems = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 8,
    scrollPaddingStart: ROW_HEIGHT_PX,
  });
  const columnItems = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => columns[index]?.widthPx ?? 0,
    overscan: 3,
  });
  const shownColumns = columnItems.getVirtualItems();
  const shownRows = rowItems.getVirtualItems();
  const cellId = (row: number, column: number): string => `${idBase}-${row}-${column}`;
  const choose = (row: number, column: number): void => {
    const chosen = {
      row: Math.max(0, Math.min(rows.length - 1, row)),
      column: Math.max(0, Math.min(columns.length - 1, column)),
    };
    setActive(chosen);
    rowItems.scrollToIndex(chosen.row);
    columnItems.scrollToIndex(chosen.column);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { row, column } = active ?? { row: -1, column: 0 };
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT_PX) - 2);
    const end = event.ctrlKey || event.metaKey;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [Math.max(0, row), row < 0 ? column : column + 1],
      ArrowLeft: [Math.max(0, row), column - 1],
      PageDown: [row + page, column],
      PageUp: [row - page, column],
      Home: end ? [0, 0] : [Math.max(0, row), 0],
      End: end ? [rows.length - 1, columns.length - 1] : [Math.max(0, row), columns.length - 1],
    };
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    choose(...target);
  };
  const isShown =
    active !== undefined &&
    shownRows.some(({ index }) => index === active.row) &&
    shownColumns.some(({ index }) => index === active.column);
  return (
    <>
      <div
        ref={scroller}
        className="sql-table"
        role="grid"
        tabIndex={0}
        aria-label="Rows of the query"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={isShown ? cellId(active.row, active.column) : undefined}
        onKeyDown={onKeyDown}
      >
        <div
          className="sql-table__head"
          role="row"
          aria-rowindex={1}
          style={{ width: columnItems.getTotalSize(), height: ROW_HEIGHT_PX }}
        >
          {shownColumns.map(({ index, start, size }) => (
            <div
              key={index}
              role="columnheader"
              aria-colindex={index + 1}
              className={cellClass(columns[index])}
              style={{ left: start, width: size }}
            >
              <StoredText text={columns[index]?.name ?? ''} />
            </div>
          ))}
        </div>
        <div
          role="rowgroup"
          className="sql-table__body"
          style={{ width: columnItems.getTotalSize(), height: rowItems.getTotalSize() }}
        >
          {shownRows.map((row) => (
            <div
              key={row.index}
              role="row"
              aria-rowindex={row.index + 2}
              className="sql-table__row"
              style={{ transform: `translateY(${row.start}px)`, height: ROW_HEIGHT_PX }}
            >
              {shownColumns.map(({ index, start, size }) => (
                <div
                  key={index}
                  id={cellId(row.index, index)}
                  role="gridcell"
                  aria-colindex={index + 1}
                  aria-selected={active?.row === row.index && active.column === index}
                  className={cellClass(columns[index])}
                  style={{ left: start, width: size }}
                  onClick={() => setActive({ row: row.index, column: index })}
                >
                  <Value value={rows[row.index]?.[index] ?? null} />
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
      {active === undefined ? null : (
        <WholeValue
          name={columns[active.column]?.name ?? ''}
          row={active.row}
          value={rows[active.row]?.[active.column] ?? null}
        />
      )}
    </>
  );
}

/** Shows a value in its cell. */
function Value({ value }: { value: SqlResultValue }): ReactNode {
  if (value === null) return <span className="sql-table__nothing">NULL</span>;
  if (value instanceof Uint8Array) {
    return <span className="sql-table__nothing">BLOB, {formatBytes(value.byteLength)}</span>;
  }
  return <StoredText text={typeof value === 'string' ? shortId(value, CELL_CHARACTERS) : String(value)} />;
}

/** Shows the whole of the chosen value, with a button that copies it and a link to the record that it names. */
function WholeValue({ name, row, value }: { name: string; row: number; value: SqlResultValue }): ReactNode {
  const text = textOf(value);
  const view = typeof value === 'string' && value !== '' ? RECORD_VIEWS[name] : undefined;
  return (
    <div className="sql-value" role="region" aria-label="Chosen value" tabIndex={0}>
      <span className="muted">
        <StoredText text={name} />, row {formatCount(row + 1)}:
      </span>{' '}
      {value === null ? (
        <span className="sql-table__nothing">NULL</span>
      ) : text.length > SHOWN_CHARACTERS ? (
        <span>{formatCount(text.length)} characters, too many to show here. A download holds all of it.</span>
      ) : (
        <CopyableText name="value" text={text} />
      )}{' '}
      {view === undefined ? null : <a href={linkTo({ view, record: text, filters: {} })}>Open this record</a>}
    </div>
  );
}

function columnOf(name: string, index: number, rows: SqlResult['rows']): ShownColumn {
  let characters = Math.max(LEAST_CHARACTERS, name.length);
  let isNumeric = false;
  let isOther = false;
  for (const row of rows.slice(0, MEASURED_ROWS)) {
    const value = row[index] ?? null;
    if (value === null) continue;
    if (typeof value === 'number' || typeof value === 'bigint') isNumeric = true;
    else isOther = true;
    characters = Math.max(characters, value instanceof Uint8Array ? 14 : String(value).length);
  }
  return {
    name,
    isNumeric: isNumeric && !isOther,
    widthPx: Math.ceil(Math.min(MOST_CHARACTERS, characters) * CHARACTER_PX) + PADDING_PX,
  };
}

function cellClass(column: ShownColumn | undefined): string {
  return column?.isNumeric === true ? 'sql-table__cell sql-table__cell--end' : 'sql-table__cell';
}
