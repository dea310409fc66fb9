import { damagedDatabase } from '../engine/error-mapping.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type { RowOrder } from '../api/persistence.ts';
import { EVERY_AGENT, type AgentFilter } from '../validation/like-pattern.ts';
import { momentOf } from '../validation/timestamps.ts';
import { hasForeignTimes, rowidsByMoment, sqlLimit, type Rowid } from './foreign-times.ts';
import { keepBytes, TextBytes } from './stored-bytes.ts';
import { selectList, toRow, type AnyTable, type StoredTable } from './table.ts';

/** Rows in a batch of {@link readInRowidOrder}. */
const ROWID_BATCH_ROWS = 500;

/** A batch ends with the row that completes this size, so that memory stays bounded however large the rows are. */
const ROWID_BATCH_BYTES = 8 * 1024 * 1024;

/** Position of a row in the time index. */
export interface TimePosition {
  /** `null` among the rows without a time, which count as the oldest. Other programs can insert such rows. */
  readonly time: string | null;
  readonly rowid: Rowid;
}

/** Position of the last row read, in the order of a query: by time, within one second by rowid. */
export interface Cursor {
  /** The time as it is stored. Other programs can store numbers and BLOBs. */
  readonly time: SqlValue;
  readonly rowid: Rowid;
  /** Number of rows of the query read so far. */
  readonly consumed: number;
}

/** Rows of a query, and the cursor that continues after them; undefined where no more rows follow. */
export interface RowBatch<Row> {
  readonly rows: Row[];
  readonly nextCursor: Cursor | undefined;
}

/** Filter and order of a query. */
export interface RowFilter {
  readonly agent: AgentFilter;
  /** Only rows of this time or later. */
  readonly since?: string | undefined;
  /** @default 'newest-first' */
  readonly order?: RowOrder | undefined;
}

/** Condition of one contiguous range of the time index. */
interface KeysetRange {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/**
 * Lists the ranges after a cursor, newest first: the rest of its second, the older rows, the rows without a time.
 * Reversed for oldest first. One comparison of (time, rowid) would select the same rows, but SQLite uses only the time
 * of it for the index range, and would walk a second with a million rows from its start for every batch.
 *
 * The values found by a range are compared once more without the index (`+`). On a damaged page entries can be out of
 * order; the cursor would then go back and reading would never end.
 */
function rangesFrom(time: string, order: RowOrder, cursor: TimePosition | undefined): readonly KeysetRange[] {
  if (cursor === undefined) return [{ sql: 'true', values: [] }];
  const oldestFirst = order === 'oldest-first';
  const after = oldestFirst ? '>' : '<';
  const { rowid } = cursor;
  if (cursor.time === null) {
    const withoutTime = {
      sql: `${time} IS NULL AND rowid ${after} ? AND +rowid ${after} ?`,
      values: [rowid, rowid],
    };
    return oldestFirst
      ? [withoutTime, { sql: `${time} IS NOT NULL AND +${time} IS NOT NULL`, values: [] }]
      : [withoutTime];
  }
  const withTime = [
    {
      sql: `${time} = ? AND rowid ${after} ? AND +${time} = ? AND +rowid ${after} ?`,
      values: [cursor.time, rowid, cursor.time, rowid],
    },
    { sql: `${time} ${after} ? AND +${time} ${after} ?`, values: [cursor.time, cursor.time] },
  ];
  return oldestFirst ? withTime : [...withTime, { sql: `${time} IS NULL`, values: [] }];
}

/**
 * Makes the queries of one batch, to be run in this order until there are enough rows. The time index gives the order, so
 * reading stops at the limit. A filter that is not used adds no condition.
 */
export function timeOrderQueries(
  table: AnyTable,
  filter: RowFilter,
  cursor: TimePosition | undefined,
): readonly { readonly sql: string; readonly values: readonly SqlValue[] }[] {
  const time = table.timeColumn;
  const { order = 'newest-first' } = filter;
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC';
  const filters: KeysetRange[] = [];
  if (filter.agent !== EVERY_AGENT) {
    filters.push({ sql: `agent_id ${filter.agent.comparison}`, values: [filter.agent.value] });
  }
  if (filter.since !== undefined) filters.push({ sql: `${time} >= ?`, values: [filter.since] });
  return rangesFrom(time, order, cursor).map((range) => {
    const conditions = [range, ...filters];
    return {
      sql: `SELECT rowid, ${time}, ${selectList(table)} FROM ${table.name}
        WHERE ${conditions.map(({ sql }) => sql).join(' AND ')} ORDER BY ${time} ${direction}, rowid ${direction} LIMIT ?`,
      values: conditions.flatMap(({ values }) => values),
    };
  });
}

/**
 * Reads one batch of a table in the order of its time column. It takes several statements: in one state of the database no
 * row that one of them found is gone for the next.
 */
export function readInTimeOrder<Row>(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): RowBatch<Row> {
  const columns = table.columns.map(({ column }) => column);
  const rows = connection.snapshot(() => {
    const found = hasForeignTimes(connection, table)
      ? rowidsByMoment(connection, table, filter, limit, cursor).flatMap((rowid) =>
          connection.all(
            `SELECT rowid, ${table.timeColumn}, ${selectList(table)} FROM ${table.name} WHERE rowid = ?`,
            [rowid],
          ),
        )
      : rowsByTimeIndex(connection, table, filter, limit, cursor);
    for (const row of found) keepBytes(connection, table.name, columns, row, 2);
    return found;
  });
  const last = rows.at(-1);
  const ended = last === undefined || rows.length < limit;
  const consumed = (cursor?.consumed ?? 0) + rows.length;
  return {
    rows: rows.map((row) => toRow<Row>(table, row, 2)),
    nextCursor: ended ? undefined : { rowid: last[0] as Rowid, time: last[1] ?? null, consumed },
  };
}

function rowsByTimeIndex(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): SqlValue[][] {
  const rows: SqlValue[][] = [];
  const position = cursor && { time: ownForm(cursor.time), rowid: cursor.rowid };
  for (const { sql, values } of timeOrderQueries(table, filter, position)) {
    const left = limit - rows.length;
    if (left <= 0) break;
    for (const row of connection.all(sql, [...values, sqlLimit(left)])) rows.push(row);
  }
  return rows;
}

/** Returns a time in the form of this program. A cursor has another one if the last foreign time is gone since. */
function ownForm(time: SqlValue): string | null {
  const moment = momentOf(time);
  if (moment === null) return null;
  // With a fraction it sorts after its second.
  return new Date(moment)
    .toISOString()
    .replace('T', ' ')
    .replace(/(?:\.000)?Z$/, '');
}

/** Rows and their rowids. */
export interface RowidBatch<Row> {
  readonly rows: Row[];
  readonly rowids: Rowid[];
  readonly lastRowid: Rowid | undefined;
}

/**
 * Reads the next rows after a rowid, in the order of their rowids: up to 500 of them, fewer when they are large, none
 * after the last one. No row is left out, whatever its columns hold. A text that is not UTF-8 is {@link TextBytes}.
 * @throws {SqliteError} SQLITE_CORRUPT when rowids do not ascend, as on a damaged page; reading on would never end
 */
export function readInRowidOrder<Row>(
  connection: SqliteConnection,
  table: StoredTable,
  afterRowid: Rowid,
): RowidBatch<Row> {
  const rows = connection.all(
    `SELECT rowid, ${selectList(table)} FROM ${table.name} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    [afterRowid, ROWID_BATCH_ROWS],
    ROWID_BATCH_BYTES,
  );
  const rowids = rows.map(([rowid]) => rowid as Rowid);
  for (const [index, rowid] of rowids.entries()) {
    if (rowid <= (rowids[index - 1] ?? afterRowid)) {
      throw damagedDatabase(`row ${rowid} of ${table.name} is out of order`);
    }
  }
  const columns = table.columns.map(({ column }) => column);
  for (const row of rows) keepBytes(connection, table.name, columns, row, 1, TextBytes);
  return { rows: rows.map((row) => toRow<Row>(table, row, 1)), rowids, lastRowid: rowids.at(-1) };
}

/** Reads every row of a database that nobody changes meanwhile, in the order of the rowids, batch by batch. */
export function* batchesInRowidOrder<Row>(
  connection: SqliteConnection,
  table: StoredTable,
): Generator<RowidBatch<Row>, undefined> {
  let after: Rowid = -Infinity;
  for (;;) {
    const batch: RowidBatch<Row> = readInRowidOrder(connection, table, after);
    if (batch.lastRowid === undefined) return undefined;
    yield batch;
    after = batch.lastRowid;
  }
}
