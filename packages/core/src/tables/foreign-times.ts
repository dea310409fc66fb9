/**
 * Times of other programs: numbers, and texts of other forms than `YYYY-MM-DD HH:MM:SS`. SQLite sorts them by type and by
 * text, so the order of the time index is not that of the moments. An index that is empty in most databases says if there
 * are any; only then rows are compared by the moments that {@link momentOf} reads.
 */
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { foreignTimeCondition } from '../schema/migrations/0004-time-forms.ts';
import { momentOf, MS_PER_DAY, TIME_NUMBERS, toTimestamp } from '../validation/timestamps.ts';
import type { Cursor } from './keyset-pagination.ts';
import { isAscending, rowConditions, type RowFilter, type SqlCondition } from './row-filter.ts';
import type { AnyTable } from './table.ts';

/**
 * Time by which the text of a moment may differ from its text in UTC: an offset of up to a day, and `T` sorts after every
 * time of the same day.
 */
const TEXT_SLACK_MS = 2 * MS_PER_DAY;

/** A rowid; a bigint beyond 2^53, where other programs inserted it. */
export type Rowid = number | bigint;

/** Moments beyond those of every stored time. */
const ALL_MOMENTS: MomentRange = { from: -Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

interface MomentRange {
  readonly from: number;
  readonly to: number;
}

type TimedTable = Pick<AnyTable, 'name' | 'timeColumn'>;

/** Tells if a table holds a time in another form than this program's. */
export function hasForeignTimes(connection: SqliteConnection, { name, timeColumn }: TimedTable): boolean {
  return connection.get(`${foreignTimesSql({ name, timeColumn })} LIMIT 1`) !== undefined;
}

/** Selects the rows of the index of foreign times. SQLite uses the index only for the same condition as it has. */
function foreignTimesSql({ name, timeColumn: time }: TimedTable): string {
  return `SELECT rowid FROM ${name} INDEXED BY idx_${name}_time_form WHERE ${foreignTimeCondition(time)}`;
}

/**
 * Counts the entries of the index of foreign times that stand for no such row. SQLite's integrity check finds rows that
 * are missing from a partial index, but not entries that it should not have.
 */
export function countStrayEntries(
  connection: SqliteConnection,
  { name, timeColumn: time }: TimedTable,
): number {
  const [count] =
    connection.get(
      `SELECT count(*) FROM (${foreignTimesSql({ name, timeColumn: time })}) AS entry WHERE NOT EXISTS (
         SELECT 1 FROM ${name} AS stored NOT INDEXED
         WHERE stored.rowid = entry.rowid AND ${foreignTimeCondition(`stored.${time}`)})`,
    ) ?? [];
  return Number(count);
}

/** Makes the SQL of a column's moment in milliseconds since 1970; NULL for what is not a time. */
function momentSql(connection: SqliteConnection, column: string): string {
  connection.defineFunction('moment_ms', momentOf);
  return `moment_ms(${column})`;
}

/** Makes the condition on a column of times for those since a time. @param since - in this program's form */
export function sinceCondition(
  connection: SqliteConnection,
  table: TimedTable,
  since: string,
): { readonly sql: string; readonly value: SqlValue } {
  const { timeColumn } = table;
  return hasForeignTimes(connection, table)
    ? { sql: `${momentSql(connection, timeColumn)} >= ?`, value: momentOf(since) }
    : { sql: `${timeColumn} >= ?`, value: since };
}

/**
 * Makes the conditions of a period. None of them holds for what cannot be read as a time.
 * @param time - the column, with `+` where no index may be used for it
 */
export function periodConditions(
  connection: SqliteConnection,
  table: TimedTable,
  period: Period,
  time: string = table.timeColumn,
): readonly SqlCondition[] {
  if (period.since === undefined && period.until === undefined) return [];
  return hasForeignTimes(connection, table)
    ? periodOf(momentSql(connection, time), period, momentOf)
    : textPeriod(time, period);
}

/** Makes the conditions of a period over times in this program's form. */
export function textPeriod(time: string, period: Period): readonly SqlCondition[] {
  return periodOf(time, period, (text) => text);
}

type Period = Pick<RowFilter, 'since' | 'until'>;

function periodOf(
  time: string,
  { since, until }: Period,
  boundValue: (text: string) => SqlValue,
): readonly SqlCondition[] {
  return [
    ...(since === undefined ? [] : [{ sql: `${time} >= ?`, values: [boundValue(since)] }]),
    ...(until === undefined ? [] : [{ sql: `${time} < ?`, values: [boundValue(until)] }]),
  ];
}

/**
 * Lists conditions that together hold for the rows older than a time. They never hold for what cannot be read as a time.
 * @param before - in this program's form
 */
export function olderConditions(
  connection: SqliteConnection,
  table: TimedTable,
  before: string,
): readonly SqlCondition[] {
  const { timeColumn } = table;
  if (!hasForeignTimes(connection, table)) return [{ sql: `${timeColumn} < ?`, values: [before] }];
  const moment = momentSql(connection, timeColumn);
  const end = momentOf(before) ?? ALL_MOMENTS.from;
  return conditionsAround(timeColumn, { ...ALL_MOMENTS, to: end }).map(({ sql, values }) => ({
    sql: `${sql} AND ${moment} < ?`,
    values: [...values, end],
  }));
}

/** Lists conditions that together hold for every time of a range of moments, and for some others. Each has an index range. */
function conditionsAround(time: string, { from, to }: MomentRange): readonly SqlCondition[] {
  const numbers = TIME_NUMBERS.map(({ below, fromMoment }, index): SqlCondition => {
    const atLeast = TIME_NUMBERS[index - 1]?.below ?? -Number.MAX_VALUE;
    return {
      sql: `typeof(${time}) IN ('integer', 'real') AND ${time} >= ? AND ${time} <= ? AND ${time} < ?`,
      values: [Math.max(atLeast, fromMoment(from - 1)), fromMoment(to + 1), below],
    };
  });
  const text: SqlCondition = {
    sql: `typeof(${time}) = 'text' AND ${time} >= ? AND ${time} <= ?`,
    values: [textBound(from - TEXT_SLACK_MS, '0'), textBound(to + TEXT_SLACK_MS, ':')],
  };
  return [...numbers, text];
}

/** @param beyond - text for a moment that has no year of four digits */
function textBound(momentMs: number, beyond: string): string {
  const moment = new Date(momentMs);
  const year = moment.getUTCFullYear();
  return year >= 0 && year <= 9999 ? toTimestamp(moment) : beyond;
}

/** A row in the order of the moments; `null` for one without a moment. */
interface OrderedRow {
  readonly rowid: Rowid;
  readonly moment: number | null;
}

/**
 * Finds the first rowids after a cursor in the order of the moments; rows without one are the oldest.
 * @param limit - `Infinity` for all
 */
export function rowidsByMoment(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): Rowid[] {
  return findByMoment(connection, table, filter, limit, cursor).map(({ rowid }) => rowid);
}

function findByMoment(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): OrderedRow[] {
  const search = new MomentSearch(connection, table, filter);
  const moment = cursor === undefined ? null : momentOf(cursor.sortKey);
  const timed = (left: number): OrderedRow[] =>
    search.timed(left, cursor === undefined || moment === null ? undefined : { moment, rowid: cursor.rowid });
  const timeless = (left: number): OrderedRow[] =>
    filter.since === undefined && filter.until === undefined && left > 0
      ? search.timeless(left, moment === null ? cursor?.rowid : undefined)
      : [];
  if (isAscending(filter.order)) {
    const first = cursor === undefined || moment === null ? timeless(limit) : [];
    return [...first, ...timed(limit - first.length)];
  }
  const first = cursor !== undefined && moment === null ? [] : timed(limit);
  return [...first, ...timeless(limit - first.length)];
}

/** Position of a row that has a moment. */
interface MomentPosition {
  readonly moment: number;
  readonly rowid: Rowid;
}

/** Searches the rows of one query by their moments. */
class MomentSearch {
  readonly #connection: SqliteConnection;
  readonly #table: AnyTable;
  readonly #filter: RowFilter;
  readonly #moment: string;
  readonly #direction: 'ASC' | 'DESC';
  /** Conditions on everything but the time. */
  readonly #others: SqlCondition;

  constructor(connection: SqliteConnection, table: AnyTable, filter: RowFilter) {
    this.#connection = connection;
    this.#table = table;
    this.#filter = filter;
    this.#moment = momentSql(connection, table.timeColumn);
    this.#direction = isAscending(filter.order) ? 'ASC' : 'DESC';
    const others = rowConditions(filter);
    this.#others = {
      sql: [`agent_id ${filter.agent.comparison}`, ...others.map(({ sql }) => sql)].join(' AND '),
      values: [filter.agent.value, ...others.flatMap(({ values }) => values)],
    };
  }

  /** Finds rows with a moment, after a position. */
  timed(limit: number, after: MomentPosition | undefined): OrderedRow[] {
    if (limit <= 0) return [];
    const { since, until } = this.#filter;
    const from = momentOf(since) ?? ALL_MOMENTS.from;
    // Moments are whole milliseconds.
    const to = until === undefined ? ALL_MOMENTS.to : (momentOf(until) ?? ALL_MOMENTS.to) - 1;
    const whole = this.#beyond({ from, to }, after?.moment);
    return this.#select(this.#untilEnough(whole, limit, after), limit, after);
  }

  /** Finds rows without a moment, after a rowid. */
  timeless(limit: number, after: Rowid | undefined): OrderedRow[] {
    const [compared, order] = this.#direction === 'ASC' ? (['>', 'ASC'] as const) : (['<', 'DESC'] as const);
    const { name, timeColumn } = this.#table;
    const position = after === undefined ? 'true' : `rowid ${compared} ?`;
    const values = [...(after === undefined ? [] : [after]), ...this.#others.values];
    const condition = `${position} AND ${this.#others.sql}`;
    const rows = this.#connection.all(
      `SELECT rowid FROM (
         SELECT rowid FROM ${name} WHERE ${timeColumn} IS NULL AND ${condition}
         UNION ALL ${foreignTimesSql(this.#table)} AND ${this.#moment} IS NULL AND ${condition}
       ) ORDER BY rowid ${order} LIMIT ?`,
      [...values, ...values, sqlLimit(limit)],
    );
    return rows.map(([rowid]) => ({ rowid: rowid as Rowid, moment: null }));
  }

  /**
   * Narrows a range of moments to one that holds enough rows. In each form of time the index order is nearly that of the
   * moments, so its first rows are nearly the rows searched for, and none of these is beyond the last of them.
   */
  #untilEnough(range: MomentRange, limit: number, after: MomentPosition | undefined): MomentRange {
    if (limit === Infinity) return range;
    const last = this.#select(range, limit, after, limit)[limit - 1]?.moment;
    if (typeof last !== 'number') return range;
    return this.#direction === 'ASC' ? { ...range, to: last } : { ...range, from: last };
  }

  #beyond(range: MomentRange, moment: number | undefined): MomentRange {
    if (moment === undefined) return range;
    return this.#direction === 'ASC'
      ? { ...range, from: Math.max(range.from, moment) }
      : { ...range, to: Math.min(range.to, moment) };
  }

  /**
   * Finds rows of a range of moments. The inner LIMIT keeps SQLite from merging the queries, so that it reads each time once.
   * @param perForm - rows read of each form of time, in index order; all by default
   */
  #select(
    range: MomentRange,
    limit: number,
    after: MomentPosition | undefined,
    perForm: number = Infinity,
  ): OrderedRow[] {
    const { name, timeColumn: time } = this.#table;
    const [compared, order] = this.#direction === 'ASC' ? (['>', 'ASC'] as const) : (['<', 'DESC'] as const);
    const position =
      after === undefined
        ? { sql: 'true', values: [] }
        : {
            sql: `(moment ${compared} ? OR moment = ? AND id ${compared} ?)`,
            values: [after.moment, after.moment, after.rowid],
          };
    const forms = conditionsAround(time, range).map((form): SqlCondition => ({
      sql: `SELECT * FROM (
          SELECT id, moment FROM (
            SELECT rowid AS id, ${this.#moment} AS moment FROM ${name}
            WHERE ${form.sql} AND ${this.#others.sql} ORDER BY ${time} ${order} LIMIT -1
          ) WHERE moment BETWEEN ? AND ? AND ${position.sql} LIMIT ?
        )`,
      values: [
        ...form.values,
        ...this.#others.values,
        range.from,
        range.to,
        ...position.values,
        sqlLimit(perForm),
      ],
    }));
    const rows = this.#connection.all(
      `SELECT id, moment FROM (${forms.map(({ sql }) => sql).join(' UNION ALL ')})
       ORDER BY moment ${order}, id ${order} LIMIT ?`,
      [...forms.flatMap(({ values }) => values), sqlLimit(limit)],
    );
    return rows.map(([rowid, moment]) => ({ rowid: rowid as Rowid, moment: Number(moment) }));
  }
}

/** SQLite takes a negative limit as no limit. */
export function sqlLimit(limit: number): number {
  return limit === Infinity ? -1 : limit;
}
