import { damagedDatabase } from '../engine/error-mapping.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type { RowOrder } from '../api/persistence.ts';
import { EVERY_AGENT } from '../validation/like-pattern.ts';
import { selectList, toRow, type AnyTable } from './table.ts';

/** A place in a table's order: by time, within one second by rowid. */
export interface Cursor {
  /** `null` among the rows without a time, which are older than all others. Native inserts can make such rows. */
  readonly time: string | null;
  readonly rowid: number;
  /** How many rows came before it. */
  readonly consumed: number;
}

/** Some rows, and where the next ones begin, if there may be any. */
export interface RowBatch<Row> {
  readonly rows: Row[];
  readonly nextCursor: Cursor | undefined;
}

/** Which rows of a table, and which of them first. */
export interface RowFilter {
  /** A checked pattern over the agent id. */
  readonly agent: string;
  /** Only rows of this time or later. */
  readonly since?: string | undefined;
  /** @default 'newest-first' */
  readonly order?: RowOrder | undefined;
}

/** A part of the order that one range of the time index holds. */
interface KeysetRange {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/**
 * The stretches from a place on: what is left of its second, what is older, and last what has no time; or, oldest
 * first, the same the other way round. One comparison of (time, rowid) would say the same, but SQLite uses only its
 * time for the range, and walks a second with a million rows from its beginning every time.
 *
 * What a range has found is compared once more, past the index (`+`): a damaged page whose entries are out of order
 * would otherwise lead back to where a batch began, and reading would never end.
 */
function rangesFrom(time: string, order: RowOrder, cursor: Cursor | undefined): readonly KeysetRange[] {
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
 * The queries of one batch, to be read in this order until there are enough rows. The time index gives the order, so
 * that reading stops at the limit; a condition that is not asked for is not there.
 */
export function timeOrderQueries(
  table: AnyTable,
  filter: RowFilter,
  cursor: Cursor | undefined,
): readonly { readonly sql: string; readonly values: readonly SqlValue[] }[] {
  const time = table.timeColumn;
  const { order = 'newest-first' } = filter;
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC';
  const asked: KeysetRange[] = [];
  if (filter.agent !== EVERY_AGENT) asked.push({ sql: 'agent_id LIKE ?', values: [filter.agent] });
  if (filter.since !== undefined) asked.push({ sql: `${time} >= ?`, values: [filter.since] });
  return rangesFrom(time, order, cursor).map((range) => {
    const conditions = [range, ...asked];
    return {
      sql: `SELECT rowid, ${time}, ${selectList(table)} FROM ${table.name}
        WHERE ${conditions.map(({ sql }) => sql).join(' AND ')} ORDER BY ${time} ${direction}, rowid ${direction} LIMIT ?`,
      values: conditions.flatMap(({ values }) => values),
    };
  });
}

/** Reads one batch of a table, in the order of its times. */
export function readInTimeOrder<Row>(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): RowBatch<Row> {
  const rows: SqlValue[][] = [];
  for (const { sql, values } of timeOrderQueries(table, filter, cursor)) {
    const left = limit - rows.length;
    if (left <= 0) break;
    // SQLite reads a negative limit as none.
    for (const row of connection.all(sql, [...values, left === Infinity ? -1 : left])) rows.push(row);
  }
  const last = rows.at(-1);
  const ended = last === undefined || rows.length < limit;
  const consumed = (cursor?.consumed ?? 0) + rows.length;
  return {
    rows: rows.map((row) => toRow<Row>(table, row, 2)),
    nextCursor: ended
      ? undefined
      : { rowid: Number(last[0]), time: last[1] === null ? null : String(last[1]), consumed },
  };
}

/**
 * Reads rows in the order they were written, after a rowid: nothing is left out, whatever its columns hold.
 * @throws SqliteError SQLITE_CORRUPT (11) when they do not ascend, as on a damaged page; going on would never end
 */
export function readInRowidOrder<Row>(
  connection: SqliteConnection,
  table: AnyTable,
  afterRowid: number,
  limit: number,
): { rows: Row[]; rowids: number[]; lastRowid: number | undefined } {
  const rows = connection.all(
    `SELECT rowid, ${selectList(table)} FROM ${table.name} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    [afterRowid, limit],
  );
  const rowids = rows.map(([rowid]) => Number(rowid));
  for (const [index, rowid] of rowids.entries()) {
    if (rowid <= (rowids[index - 1] ?? afterRowid)) {
      throw damagedDatabase(`row ${rowid} of ${table.name} is out of order`);
    }
  }
  return { rows: rows.map((row) => toRow<Row>(table, row, 1)), rowids, lastRowid: rowids.at(-1) };
}
