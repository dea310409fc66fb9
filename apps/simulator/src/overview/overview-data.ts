/** What the overview shows, read from the database. */
import type { Persistence, TimeBucket, TimeSeries, TimeSeriesStep } from '@ggen-sim/core';
import { summarizeReceipt, type ReceiptSummary } from '../record-dialog/receipt-summary.ts';

/** First and latest failure of an agent within the period. */
export interface FailureSpan {
  readonly first: string;
  readonly latest: string;
}

/** Numbers of runs. */
export interface RunTotals {
  readonly count: number;
  readonly failed: number;
}

/** The runs of a period, and of the one before. */
export interface OverviewData {
  readonly total: RunTotals;
  readonly before: RunTotals;
  readonly bucket: TimeBucket;
  /** Steps by status, all of the same length. */
  readonly steps: ReadonlyMap<string, readonly TimeSeriesStep[]>;
  readonly agents: readonly TimeSeries[];
  readonly failures: ReadonlyMap<string, FailureSpan>;
  readonly newestFailures: readonly ReceiptSummary[];
  readonly slowest: readonly ReceiptSummary[];
  readonly sinceVisit: ChangesSince | undefined;
}

/** What was stored since the last visit. */
export interface ChangesSince {
  readonly since: string;
  readonly runs: number;
  readonly failed: number;
  readonly memories: number;
}

/** Rows of the short lists. */
const LISTED_RUNS = 6;

/** Periods with hours as steps; days would be too few bars. */
const HOURLY: ReadonlySet<string> = new Set(['1d', '2d', '3d']);

/**
 * Finds the first and latest errors of a period by agent. The signs leave the index of times, which has the period: by the
 * others SQLite would read every error, or every row.
 */
export const FIRST_ERRORS_SQL: string = `SELECT agent_id, min(created_at), max(created_at) FROM receipts
  WHERE +status = 'error' AND created_at >= ? GROUP BY +agent_id LIMIT 1000`;

/** Reads the overview of a period. @param lastVisit - ISO 8601 with Z */
export async function readOverview(
  persistence: Persistence,
  since: string,
  lastVisit: string | undefined,
): Promise<OverviewData> {
  const bucket: TimeBucket = HOURLY.has(since) ? 'hour' : 'day';
  const byAgent = await persistence.timeSeries({ table: 'receipts', by: 'agent', since });
  const byStatus = await persistence.timeSeries({ table: 'receipts', by: 'status', bucket, since });
  const failures = await persistence.querySql({
    sql: FIRST_ERRORS_SQL,
    parameters: [byAgent.since.slice(0, 19).replace('T', ' ')],
  });
  const newest = await persistence.queryReceipts({ status: 'error', since, limit: LISTED_RUNS });
  const slowest = await persistence.queryReceipts({ order: 'longest-first', since, limit: LISTED_RUNS });
  return {
    total: sumOf(byAgent.series.map(({ total }) => total)),
    before: sumOf(byAgent.series.map(({ before }) => before)),
    bucket,
    steps: new Map(byStatus.series.map(({ group, steps }) => [group ?? '', steps])),
    agents: byAgent.series,
    failures: new Map(
      failures.rows.map(([agent, first, latest]) => [
        String(agent),
        { first: String(first), latest: String(latest) },
      ]),
    ),
    newestFailures: newest.map(summarizeReceipt),
    slowest: slowest.map(summarizeReceipt),
    sinceVisit: lastVisit === undefined ? undefined : await readChanges(persistence, lastVisit),
  };
}

function sumOf(parts: readonly RunTotals[]): RunTotals {
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    failed: parts.reduce((sum, { failed }) => sum + failed, 0),
  };
}

async function readChanges(persistence: Persistence, since: string): Promise<ChangesSince> {
  return {
    since,
    runs: await persistence.countReceipts({ since }),
    failed: await persistence.countReceipts({ since, status: 'error' }),
    memories: await persistence.countMemory({ since }),
  };
}
