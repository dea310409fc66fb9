/** Counts the rows of a query, by the index that reads the fewest pages. */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { hasForeignTimes, periodConditions, textPeriod } from './foreign-times.ts';
import { agentCondition, withoutIndex } from './keyset-pagination.ts';
import { EVERY_AGENT } from '../validation/like-pattern.ts';
import {
  FEW_ROWS,
  rowConditions,
  selectiveCondition,
  type ColumnCondition,
  type RowFilter,
  type SqlCondition,
} from './row-filter.ts';
import type { AnyTable } from './table.ts';

/**
 * What a count with conditions on several columns reads: the index that begins with the agent and has them all, the rows of
 * the period by the index of times, or every row.
 */
export type CountAccess = 'agent index' | 'time index' | 'rows';

/** Reading a row costs about as much as this number of entries of the agent index. */
const ENTRIES_PER_ROW = 8;

/**
 * Where a read costs a call, up to this size of a row it is quicker to read all rows than the agent index: its pages are all
 * over the file, and each costs a call of its own, while rows are read in runs.
 */
const SCANNED_ROW_BYTES = 4096;

/** Counts the rows of a query. The caller holds a snapshot. */
export function countRows(connection: SqliteConnection, table: AnyTable, filter: RowFilter): number {
  const { conditions } = filter;
  const selective = conditions && selectiveCondition(connection, table, conditions.columns);
  const period = periodConditions(connection, table, filter, withoutIndex(table.timeColumn, selective));
  const access = isCovered(table, filter, selective) ? chooseAccess(connection, table, filter) : undefined;
  const { sql, values } = countQuery(table, filter, selective, period, access);
  return Number(connection.get(sql, values)?.[0] ?? 0);
}

/** Columns beyond agent and time that the index has which begins with the agent. Receipts have no operation. */
const AGENT_INDEX_COLUMNS: ReadonlySet<string> = new Set(['status', 'operation']);

/** Makes the query that counts rows. */
export function countQuery(
  table: AnyTable,
  filter: RowFilter,
  selective?: ColumnCondition,
  period: readonly SqlCondition[] = textPeriod(withoutIndex(table.timeColumn, selective), filter),
  access: CountAccess = 'agent index',
): SqlCondition {
  const agent = agentCondition(filter, selective);
  const { columns = [] } = filter.conditions ?? {};
  const index = isCovered(table, filter, selective) ? accessSql(table, access) : '';
  const only = columns.length === 1 && agent.length + period.length === 0 ? columns[0] : undefined;
  const conditions = [...agent, ...period, ...rowConditions(filter, selective ?? only)];
  const where = conditions.map(({ sql }) => sql).join(' AND ');
  return {
    sql: `SELECT count(*) FROM ${table.name}${index}${where && ` WHERE ${where}`}`,
    values: conditions.flatMap(({ values }) => values),
  };
}

/** True when the agent index has all that a count compares, and no smaller index has. */
function isCovered(table: AnyTable, filter: RowFilter, selective: ColumnCondition | undefined): boolean {
  const { agent, since, until, conditions } = filter;
  const { columns = [], content = [] } = conditions ?? {};
  if (table.ageingColumn === undefined || selective !== undefined || content.length > 0) return false;
  if (!columns.every(({ column }) => AGENT_INDEX_COLUMNS.has(column))) return false;
  const hasPeriod = since !== undefined || until !== undefined;
  return agent !== EVERY_AGENT || columns.length + Number(hasPeriod) > 1;
}

function accessSql({ name, timeColumn }: AnyTable, access: CountAccess): string {
  if (access === 'rows') return ' NOT INDEXED';
  return ` INDEXED BY idx_${name}_${access === 'time index' ? timeColumn : 'agent'}`;
}

/** Chooses what a count reads which the agent index covers. Only with one agent the index skips what it need not read. */
function chooseAccess(connection: SqliteConnection, table: AnyTable, filter: RowFilter): CountAccess {
  if (filter.agent.comparison === '= ?') return 'agent index';
  // No row has a greater rowid, and it is found without a count.
  const [highestRowid] = connection.get(`SELECT max(rowid) FROM ${table.name}`) ?? [];
  const rowsAtMost = Number(highestRowid ?? 0);
  if (isShortPeriod(connection, table, filter, Math.max(FEW_ROWS, rowsAtMost / ENTRIES_PER_ROW))) {
    return 'time index';
  }
  const { pagesInMemory } = connection.durable.storage.capabilities;
  const rowsAreScanned =
    pagesInMemory === 'cache' && connection.sizeBytes() <= rowsAtMost * SCANNED_ROW_BYTES;
  return rowsAreScanned ? 'rows' : 'agent index';
}

/** True when the index of times says that few rows are in the period. */
function isShortPeriod(
  connection: SqliteConnection,
  table: AnyTable,
  filter: RowFilter,
  fewRows: number,
): boolean {
  const period = textPeriod(table.timeColumn, filter);
  if (period.length === 0 || hasForeignTimes(connection, table)) return false;
  const few = Math.floor(fewRows);
  const [rows] = connection.get(
    `SELECT count(*) FROM (SELECT 1 FROM ${table.name} WHERE ${period.map(({ sql }) => sql).join(' AND ')} LIMIT ?)`,
    [...period.flatMap(({ values }) => values), few + 1],
  ) ?? [0];
  return Number(rows) <= few;
}
