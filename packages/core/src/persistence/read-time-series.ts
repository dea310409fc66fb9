import type { AnalyticsPeriod, TimeSeriesQuery, TimeSeriesReport } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { PERIOD_DAYS } from '../tables/analytics.ts';
import { tableNamed } from '../tables/index.ts';
import { readInOrder, type Cursor } from '../tables/keyset-pagination.ts';
import type { AnyTable } from '../tables/table.ts';
import {
  checkSeriesForm,
  ENDED_STATUSES,
  SeriesCollector,
  type SeriesRow,
} from '../time-series/time-series.ts';
import { checkChoice, checkFields } from '../validation/arguments.ts';
import { checkPeriodEnd } from '../validation/period.ts';
import { daysBefore, momentOf, toIsoTime, toTimeText } from '../validation/timestamps.ts';
import { checkFilters } from './query-rows.ts';

const OPERATION = 'timeSeries';

/** Rows read at a time; other calls run in between. */
const BATCH_ROWS = 5000;

/** Columns that a series is made of. */
const SERIES_COLUMNS: ReadonlySet<string> = new Set(['agent_id', 'operation', 'status', 'duration_ms']);

/** Reads the rows of a period and of the one before it, in order of time, and summarizes them. */
export async function readTimeSeries(
  connection: SqliteConnection,
  queue: OperationQueue,
  given: TimeSeriesQuery,
  now: Date,
): Promise<TimeSeriesReport> {
  const query = checkFields({ operation: OPERATION, name: 'query' }, given);
  const form = checkSeriesForm(OPERATION, query);
  const table = tableNamed(form.table);
  const { since, until, period = 'last-7-days', ...filters } = query;
  const periods = Object.keys(PERIOD_DAYS) as AnalyticsPeriod[];
  const days = PERIOD_DAYS[checkChoice({ operation: OPERATION, name: 'period' }, period, periods)];
  const from =
    since === undefined
      ? daysBefore(now, days)
      : checkPeriodEnd({ operation: OPERATION, name: 'since' }, since, now);
  const to =
    until === undefined
      ? toTimeText(now.getTime())
      : checkPeriodEnd({ operation: OPERATION, name: 'until' }, until, now);
  const [fromMs, toMs] = [momentOf(from) ?? 0, momentOf(to) ?? 0];
  const collector = new SeriesCollector(OPERATION, form, fromMs, toMs);
  const ended = form.table === 'audit_log' && filters.status === undefined ? { status: ENDED_STATUSES } : {};
  const filter = {
    ...checkFilters(OPERATION, table, { ...filters, ...ended }, now),
    since: toTimeText(2 * fromMs - toMs),
    until: to,
    order: 'oldest-first' as const,
  };
  const narrow = withColumns(table);
  let cursor: Cursor | undefined;
  do {
    const batch = await queue.enqueueRead(OPERATION, () =>
      readInOrder<SeriesRow>(connection, narrow, filter, BATCH_ROWS, cursor),
    );
    for (const row of batch.rows) collector.add(row);
    cursor = batch.nextCursor;
  } while (cursor !== undefined);
  return {
    table: form.table,
    bucket: form.bucket ?? null,
    by: form.by ?? null,
    since: toIsoTime(new Date(fromMs)),
    until: toIsoTime(new Date(toMs)),
    generatedAt: toIsoTime(now),
    series: collector.series(),
  };
}

/** Leaves out the columns that no series is made of, which are the large ones. */
function withColumns(table: AnyTable): AnyTable {
  const columns = table.columns.filter(
    ({ column }) => column === table.timeColumn || SERIES_COLUMNS.has(column),
  );
  return { ...table, columns };
}
