import { damagedDatabase } from '../engine/error-mapping.ts';
import { sizeBytesOf, type SqliteConnection, type SqlValue } from '../engine/sqlite-connection.ts';
import { EVERY_AGENT } from '../validation/like-pattern.ts';
import { momentOf, toTimeText } from '../validation/timestamps.ts';
import {
  hasForeignTimes,
  periodConditions,
  rowidsByMoment,
  sqlLimit,
  textPeriod,
  type Rowid,
} from './foreign-times.ts';
import { readAhead } from './read-ahead.ts';
import {
  isAscending,
  isByDuration,
  parameterFor,
  rowConditions,
  selectiveCondition,
  type ColumnCondition,
  type QueryOrder,
  type RowFilter,
  type SqlCondition,
} from './row-filter.ts';
import { keepBytes, TextBytes } from './stored-bytes.ts';
import { selectList, toRow, type AnyTable, type StoredTable } from './table.ts';

/** Rows in a batch of {@link readInRowidOrder}. */
const ROWID_BATCH_ROWS = 500;

/** A batch ends with the row that completes this size, so that memory stays bounded however large the rows are. */
export const BATCH_BYTES: number = 8 * 1024 * 1024;

/** Batches whose rowids are found at once by the moment, where each search reads many more rows than a batch has. */
const MOMENT_AHEAD_BATCHES = 40;

/** Those by duration, where each search compares every row. 200,000 rowids are 2 MB. */
const DURATION_AHEAD_BATCHES = 400;

/** Position of a row in the order of a query. */
export interface KeysetPosition {
  /** `null` among the rows without a time or duration, which come first in ascending order. */
  readonly sortKey: SqlValue;
  /** True when the sort key is the bytes of a text that is not UTF-8. A worker would clone {@link TextBytes} as plain bytes. */
  readonly isTextBytes?: boolean | undefined;
  readonly rowid: Rowid;
}

/** Position of the last row read, in the order of a query: by time or duration, among equal ones by rowid. */
export interface Cursor extends KeysetPosition {
  /** Number of rows of the query read so far. */
  readonly consumed: number;
  /** The moment from which the stream counts spans and days, in milliseconds since 1970. */
  readonly startedAtMs?: number | undefined;
}

/** Rows of a query, and the cursor that continues after them; undefined where no more rows follow. */
export interface RowBatch<Row> {
  readonly rows: Row[];
  readonly nextCursor: Cursor | undefined;
  /** The position after the rows as text, where the batch has all that were asked for. */
  readonly endCursor?: string | undefined;
}

/**
 * Lists the ranges after a cursor, newest first: the rest of its second, the older rows, the rows without a time.
 * Reversed for oldest first. Those by duration are alike. One comparison of (time, rowid) would select the same rows, but SQLite uses only the time
 * of it for the index range, and would walk a second with a million rows from its start for every batch.
 *
 * The values found by a range are compared once more without the index (`+`). On a damaged page entries can be out of
 * order; the cursor would then go back and reading would never end.
 */
function rangesFrom(
  { key, rowid }: SortColumns,
  ascending: boolean,
  cursor: KeysetPosition | undefined,
): readonly SqlCondition[] {
  if (cursor === undefined) return [{ sql: 'true', values: [] }];
  const after = ascending ? '>' : '<';
  const rowidAfter = `${after} ${parameterFor(cursor.rowid)}`;
  if (cursor.sortKey === null) {
    const withoutKey = {
      sql: `${key} IS NULL AND ${rowid} ${rowidAfter} AND +${rowid} ${rowidAfter}`,
      values: [cursor.rowid, cursor.rowid],
    };
    return ascending
      ? [withoutKey, { sql: `${key} IS NOT NULL AND +${key} IS NOT NULL`, values: [] }]
      : [withoutKey];
  }
  // Without `+` CAST would have the affinity TEXT, and numbers would be compared as texts.
  const bound = cursor.isTextBytes === true ? '+CAST(? AS TEXT)' : parameterFor(cursor.sortKey);
  const withKey = [
    {
      sql: `${key} = ${bound} AND ${rowid} ${rowidAfter} AND +${key} = ${bound} AND +${rowid} ${rowidAfter}`,
      values: [cursor.sortKey, cursor.rowid, cursor.sortKey, cursor.rowid],
    },
    {
      sql: `${key} ${after} ${bound} AND +${key} ${after} ${bound}`,
      values: [cursor.sortKey, cursor.sortKey],
    },
  ];
  return ascending ? withKey : [...withKey, { sql: `${key} IS NULL`, values: [] }];
}

/** Columns that rows are ordered by; with `+` where no index may be used for it. */
interface SortColumns {
  readonly key: string;
  readonly rowid: string;
}

/**
 * Makes the queries of one batch, to be run in this order until there are enough rows. The time index gives the order, so
 * reading stops at the limit. A filter that is not used adds no condition.
 * @param selective - condition by whose index the rows are found; they are sorted then
 * @param period - conditions of the period. @default those over times in this program's form
 * @param selected - what is selected. @default the rowid, the column of the order and the whole row
 */
export function keysetQueries(
  table: AnyTable,
  filter: RowFilter,
  cursor: KeysetPosition | undefined,
  selective?: ColumnCondition,
  period: readonly SqlCondition[] = textPeriod(withoutIndex(table.timeColumn, selective), filter),
  selected: string = wholeRow(table, filter.order),
): readonly SqlCondition[] {
  const column = sortColumn(table, filter.order);
  const sorted =
    selective === undefined ? { key: column, rowid: 'rowid' } : { key: `+${column}`, rowid: '+rowid' };
  const ascending = isAscending(filter.order);
  const direction = ascending ? 'ASC' : 'DESC';
  const filters = [...agentCondition(filter, selective), ...period, ...rowConditions(filter, selective)];
  return rangesFrom(sorted, ascending, cursor).map((range) => {
    const conditions = [range, ...filters];
    return {
      sql: `SELECT ${selected} FROM ${table.name}
        WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}
        ORDER BY ${sorted.key} ${direction}, ${sorted.rowid} ${direction} LIMIT ?`,
      values: conditions.flatMap(({ values }) => values),
    };
  });
}

/** Lists what is selected of a row: its rowid, the column of the order and every column. */
function wholeRow(table: AnyTable, order: QueryOrder | undefined): string {
  return `rowid, ${sortColumn(table, order)}, ${selectList(table)}`;
}

/** Returns the column that rows are ordered by. */
function sortColumn(table: AnyTable, order: QueryOrder | undefined): string {
  if (!isByDuration(order)) return table.timeColumn;
  if (table.durationColumn === undefined) throw new RangeError(`${table.name} has no durations`);
  return table.durationColumn;
}

/** Makes the condition on the agent. */
export function agentCondition({ agent }: RowFilter, selective: ColumnCondition | undefined): SqlCondition[] {
  if (agent === EVERY_AGENT) return [];
  return [{ sql: `${withoutIndex('agent_id', selective)} ${agent.comparison}`, values: [agent.value] }];
}

/** Keeps SQLite from using an index for a column, where another condition is to be found by its index. */
export function withoutIndex(column: string, selective: ColumnCondition | undefined): string {
  return selective === undefined ? column : `+${column}`;
}

/**
 * Reads one batch of a table in the order of a query. It takes several statements: in one state of the database no
 * row that one of them found is gone for the next.
 * @param enoughBytes - the batch ends with the row that completes this size
 */
export function readInOrder<Row>(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
  textBytes: typeof Uint8Array = Uint8Array,
  enoughBytes: number = Infinity,
): RowBatch<Row> {
  const columns = table.columns.map(({ column }) => column);
  const found = connection.snapshot(() => {
    const rowids = rowidsOf(connection, table, filter, limit, cursor);
    const batch =
      rowids === undefined
        ? rowsByIndex(connection, table, filter, limit, cursor, { enoughBytes })
        : rowsByRowid(connection, table, filter, rowids, enoughBytes);
    for (const row of batch.rows) keepBytes(connection, table.name, columns, row, 2, textBytes);
    // With U+FFFD for its bytes the sort key of the last row would be before the row: reading would never end.
    const last = batch.rows.at(-1);
    if (last) keepBytes(connection, table.name, [sortColumn(table, filter.order)], last, 1, TextBytes);
    return batch;
  });
  const { rows } = found;
  const last = rows.at(-1);
  const ended = last === undefined || (rows.length < limit && !found.isLarge);
  const consumed = (cursor?.consumed ?? 0) + rows.length;
  return {
    rows: rows.map((row) => toRow<Row>(table, row, 2)),
    nextCursor: ended ? undefined : { ...positionOf(last), consumed },
  };
}

/** A row of a query without its content, and how large that is. */
export interface RowPosition {
  readonly rowid: Rowid;
  /** Size of the columns whose content a redaction replaces. */
  readonly sizeBytes: number;
}

/** Reads the positions of one batch of a table in the order of a query by time, and the cursor that continues after them. */
export function readPositions(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): { readonly positions: RowPosition[]; readonly nextCursor: Cursor | undefined } {
  const time = sortColumn(table, filter.order);
  const size = table.contentColumns.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ');
  const selected = `rowid, ${time}, ${size}`;
  const rows = hasForeignTimes(connection, table)
    ? rowidsByMoment(connection, table, filter, limit, cursor).flatMap((rowid) =>
        connection.all(`SELECT ${selected} FROM ${table.name} WHERE rowid = ?`, [rowid]),
      )
    : rowsByIndex(connection, table, filter, limit, cursor, { selected }).rows;
  const last = rows.at(-1);
  if (last) keepBytes(connection, table.name, [time], last, 1, TextBytes);
  return {
    positions: rows.map(([rowid, , sizeBytes]) => ({ rowid: rowid as Rowid, sizeBytes: Number(sizeBytes) })),
    nextCursor: last === undefined || rows.length < limit ? undefined : { ...positionOf(last), consumed: 0 },
  };
}

function positionOf([rowid, sortKey = null]: readonly SqlValue[]): KeysetPosition {
  return { rowid: rowid as Rowid, sortKey, isTextBytes: sortKey instanceof TextBytes };
}

/** Finds the rowids of a batch where no index has its order; undefined where the rows are read at once. */
function rowidsOf(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): readonly Rowid[] | undefined {
  const isByMoment = !isByDuration(filter.order);
  if (isByMoment && !hasForeignTimes(connection, table)) return undefined;
  if (cursor === undefined || limit === Infinity) {
    return isByMoment ? rowidsByMoment(connection, table, filter, limit, cursor) : undefined;
  }
  const find = isByMoment
    ? (wanted: number): Rowid[] => rowidsByMoment(connection, table, filter, wanted, cursor)
    : (wanted: number): Rowid[] =>
        rowsByIndex(connection, table, filter, wanted, cursor, { selected: 'rowid' }).rows.map(
          ([rowid]) => rowid as Rowid,
        );
  const batches = isByMoment ? MOMENT_AHEAD_BATCHES : DURATION_AHEAD_BATCHES;
  return readAhead(connection, queryText(table, filter), { limit, batches, after: cursor.rowid }, find);
}

/** Tells queries of other rows or of another order apart. */
function queryText(table: AnyTable, filter: RowFilter): string {
  const { agent, order, since, until } = filter;
  const others = rowConditions(filter).map(({ sql, values }) => [sql, values.map(String)]);
  return JSON.stringify([table.name, agent, order, since, until, others]);
}

/** Rows of a batch, and whether it has ended because they are large. */
interface FoundRows {
  readonly rows: SqlValue[][];
  readonly isLarge: boolean;
}

function rowsByRowid(
  connection: SqliteConnection,
  table: AnyTable,
  { order }: RowFilter,
  rowids: readonly Rowid[],
  enoughBytes: number,
): FoundRows {
  const sql = `SELECT ${wholeRow(table, order)} FROM ${table.name} WHERE rowid = ?`;
  const rows: SqlValue[][] = [];
  let bytes = 0;
  for (const rowid of rowids) {
    if (bytes >= enoughBytes) break;
    for (const row of connection.all(sql, [rowid])) {
      rows.push(row);
      bytes += sizeBytesOf(row);
    }
  }
  return { rows, isLarge: bytes >= enoughBytes };
}

function rowsByIndex(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
  { selected, enoughBytes = Infinity }: { readonly selected?: string; readonly enoughBytes?: number },
): FoundRows {
  const rows: SqlValue[][] = [];
  let bytes = 0;
  const { order, conditions } = filter;
  const position =
    cursor && isByDuration(order)
      ? cursor
      : cursor && { sortKey: ownForm(cursor.sortKey), rowid: cursor.rowid };
  const selective = conditions && selectiveCondition(connection, table, conditions.columns);
  // Only in an order by duration other programs' times are compared here.
  const period = isByDuration(order)
    ? periodConditions(connection, table, filter, withoutIndex(table.timeColumn, selective))
    : undefined;
  for (const { sql, values } of keysetQueries(table, filter, position, selective, period, selected)) {
    const left = limit - rows.length;
    if (left <= 0 || bytes >= enoughBytes) break;
    for (const row of connection.all(sql, [...values, sqlLimit(left)], enoughBytes - bytes)) {
      rows.push(row);
      if (enoughBytes !== Infinity) bytes += sizeBytesOf(row);
    }
  }
  return { rows, isLarge: bytes >= enoughBytes };
}

/** Returns a time in the form of this program. A cursor has another one if the last foreign time is gone since. */
function ownForm(time: SqlValue): string | null {
  const moment = momentOf(time);
  return moment === null ? null : toTimeText(moment);
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
    BATCH_BYTES,
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
