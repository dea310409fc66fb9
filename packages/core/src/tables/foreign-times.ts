/**
 * Times of other programs: numbers, and texts of other forms than `YYYY-MM-DD HH:MM:SS`. SQLite sorts them by type and by
 * text, so the order of the time index is not that of the moments. An index that is empty in most databases says if there
 * are any; only then rows are compared by the moments that {@link momentOf} reads.
 */
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { momentOf, MS_PER_DAY, TIME_NUMBERS, toTimestamp } from '../validation/timestamps.ts';
import type { Cursor, RowFilter } from './keyset-pagination.ts';
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

/** Condition on the time column, and its bound values. */
export interface TimeCondition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

type TimedTable = Pick<AnyTable, 'name' | 'timeColumn'>;

/** Tells if a table holds a time in another form than this program's. */
export function hasForeignTimes(connection: SqliteConnection, { name, timeColumn }: TimedTable): boolean {
  return connection.get(`${foreignTimesSql({ name, timeColumn })} LIMIT 1`) !== undefined;
}

/** Selects the rows of the index of foreign times. SQLite uses the index only for the same condition as it has. */
function foreignTimesSql({ name, timeColumn: time }: TimedTable): string {
  return `SELECT rowid FROM ${name} INDEXED BY idx_${name}_foreign_time
    WHERE CASE WHEN length(${time}) = 19 THEN datetime(${time}) IS NOT ${time} ELSE ${time} IS NOT NULL END`;
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
 * Lists conditions that together hold for the rows older than a time. They never hold for what cannot be read as a time.
 * @param before - in this program's form
 */
export function olderConditions(
  connection: SqliteConnection,
  table: TimedTable,
  before: string,
): readonly TimeCondition[] {
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
function conditionsAround(time: string, { from, to }: MomentRange): readonly TimeCondition[] {
  const numbers = TIME_NUMBERS.map(({ below, fromMoment }, index): TimeCondition => {
    const atLeast = TIME_NUMBERS[index - 1]?.below ?? -Number.MAX_VALUE;
    return {
      sql: `typeof(${time}) IN ('integer', 'real') AND ${time} >= ? AND ${time} <= ? AND ${time} < ?`,
      values: [Math.max(atLeast, fromMoment(from - 1)), fromMoment(to + 1), below],
    };
  });
  const text: TimeCondition = {
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

/**
 * Finds the rowids of a batch in the order of the moments; rows without one are the oldest.
 * @param limit - `Infinity` for all
 */
export function rowidsByMoment(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  limit: number,
  cursor: Cursor | undefined,
): Rowid[] {
  const search = new MomentSearch(connection, table, filter);
  const oldestFirst = filter.order === 'oldest-first';
  const moment = cursor === undefined ? null : momentOf(cursor.time);
  const timed = (left: number): Rowid[] =>
    search.timed(left, cursor === undefined || moment === null ? undefined : { moment, rowid: cursor.rowid });
  const timeless = (left: number): Rowid[] =>
    filter.since === undefined && left > 0
      ? search.timeless(left, moment === null ? cursor?.rowid : undefined)
      : [];
  if (oldestFirst) {
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
  readonly #agent: TimeCondition;

  constructor(connection: SqliteConnection, table: AnyTable, filter: RowFilter) {
    this.#connection = connection;
    this.#table = table;
    this.#filter = filter;
    this.#moment = momentSql(connection, table.timeColumn);
    this.#direction = filter.order === 'oldest-first' ? 'ASC' : 'DESC';
    this.#agent = { sql: 'agent_id LIKE ?', values: [filter.agent] };
  }

  /** Finds rows with a moment, after a position. */
  timed(limit: number, after: MomentPosition | undefined): Rowid[] {
    if (limit <= 0) return [];
    const since = momentOf(this.#filter.since) ?? ALL_MOMENTS.from;
    const whole = this.#beyond({ from: since, to: ALL_MOMENTS.to }, after?.moment);
    const found = this.#select('rowid', this.#untilEnough(whole, limit, after), limit, after);
    return found.map(([rowid]) => rowid as Rowid);
  }

  /** Finds rows without a moment, after a rowid. */
  timeless(limit: number, after: Rowid | undefined): Rowid[] {
    const [compared, order] = this.#direction === 'ASC' ? (['>', 'ASC'] as const) : (['<', 'DESC'] as const);
    const { name, timeColumn } = this.#table;
    const position = after === undefined ? 'true' : `rowid ${compared} ?`;
    const values = [...(after === undefined ? [] : [after]), ...this.#agent.values];
    const condition = `${position} AND ${this.#agent.sql}`;
    const rows = this.#connection.all(
      `SELECT rowid FROM (
         SELECT rowid FROM ${name} WHERE ${timeColumn} IS NULL AND ${condition}
         UNION ALL ${foreignTimesSql(this.#table)} AND ${this.#moment} IS NULL AND ${condition}
       ) ORDER BY rowid ${order} LIMIT ?`,
      [...values, ...values, sqlLimit(limit)],
    );
    return rows.map(([rowid]) => rowid as Rowid);
  }

  /**
   * Narrows a range of moments to one that holds enough rows. In each form of time the index order is nearly that of the
   * moments, so its first rows are nearly the rows searched for, and none of these is beyond the last of them.
   */
  #untilEnough(range: MomentRange, limit: number, after: MomentPosition | undefined): MomentRange {
    if (limit === Infinity) return range;
    const nearest = this.#select('moment', range, limit, after, limit);
    const last = nearest[limit - 1]?.[0];
    if (last === undefined) return range;
    return this.#direction === 'ASC' ? { ...range, to: Number(last) } : { ...range, from: Number(last) };
  }

  #beyond(range: MomentRange, moment: number | undefined): MomentRange {
    if (moment === undefined) return range;
    return this.#direction === 'ASC' ? { ...range, from: moment } : { ...range, to: moment };
  }

  /** @param perForm - rows read of each form of time, in index order; undefined for all */
  #select(
    column: 'rowid' | 'moment',
    range: MomentRange,
    limit: number,
    after: MomentPosition | undefined,
    perForm?: number,
  ): SqlValue[][] {
    const { name, timeColumn: time } = this.#table;
    const [compared, order] = this.#direction === 'ASC' ? (['>', 'ASC'] as const) : (['<', 'DESC'] as const);
    const position =
      after === undefined
        ? { sql: 'true', values: [] }
        : {
            sql: `(${this.#moment} ${compared} ? OR ${this.#moment} = ? AND rowid ${compared} ?)`,
            values: [after.moment, after.moment, after.rowid],
          };
    const exact = { sql: `${this.#moment} BETWEEN ? AND ?`, values: [range.from, range.to] };
    const forms = conditionsAround(time, range).map((form): TimeCondition => {
      const conditions = [form, exact, position, this.#agent];
      const sql = `SELECT rowid, ${this.#moment} AS moment FROM ${name}
        WHERE ${conditions.map((condition) => condition.sql).join(' AND ')}`;
      const values = conditions.flatMap((condition) => condition.values);
      return perForm === undefined
        ? { sql, values }
        : { sql: `SELECT * FROM (${sql} ORDER BY ${time} ${order} LIMIT ?)`, values: [...values, perForm] };
    });
    return this.#connection.all(
      `SELECT ${column} FROM (${forms.map(({ sql }) => sql).join(' UNION ALL ')})
       ORDER BY moment ${order}, rowid ${order} LIMIT ?`,
      [...forms.flatMap(({ values }) => values), sqlLimit(limit)],
    );
  }
}

/** SQLite takes a negative limit as no limit. */
export function sqlLimit(limit: number): number {
  return limit === Infinity ? -1 : limit;
}
