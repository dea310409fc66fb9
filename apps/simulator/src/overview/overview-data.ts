/** What the overview shows, read from the database. */
import type { Persistence, TimeBucket, TimeSeries, TimeSeriesStep } from '@ggen-sim/core';
import { summarizeReceipt, type ReceiptSummary } from '../record-dialog/receipt-summary.ts';

/** First and latest failure of an agent within the period. */
export interface FailureSpan {
  readonly first: string;
  readonly latest: string;
}

/** The runs of a period. */
export interface OverviewData {
  readonly total: TimeSeries | undefined;
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

/** Reads the overview of a period. @param lastVisit - ISO 8601 with Z */
export async function readOverview(
  persistence: Persistence,
  since: string,
  lastVisit: string | undefined,
): Promise<OverviewData> {
  const bucket: TimeBucket = HOURLY.has(since) ? 'hour' : 'day';
  const byAgent = await persistence.timeSeries({ table: 'receipts', by: 'agent', since });
  const all = await persistence.timeSeries({ table: 'receipts', since });
  const byStatus = await persistence.timeSeries({ table: 'receipts', by: 'status', bucket, since });
  const failures = await persistence.querySql({
    sql: `SELECT agent_id, min(created_at), max(created_at) FROM receipts
           WHERE status = 'error' AND created_at >= ? GROUP BY agent_id LIMIT 1000`,
    parameters: [byAgent.since.slice(0, 19).replace('T', ' ')],
  });
  const newest = await persistence.queryReceipts({ status: 'error', since, limit: LISTED_RUNS });
  const slowest = await persistence.queryReceipts({ order: 'longest-first', since, limit: LISTED_RUNS });
  return {
    total: all.series[0],
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

async function readChanges(persistence: Persistence, since: string): Promise<ChangesSince> {
  return {
    since,
    runs: await persistence.countReceipts({ since }),
    failed: await persistence.countReceipts({ since, status: 'error' }),
    memories: await persistence.countMemory({ since }),
  };
}
