import type { AnalyticsPeriod } from './reports.ts';
import type { RowFilters } from './filters.ts';

/** Lengths of the steps of a time series, in UTC. */
export const TIME_BUCKETS = ['hour', 'day'] as const;

/** One of {@link TIME_BUCKETS}. */
export type TimeBucket = (typeof TIME_BUCKETS)[number];

/** Columns that split a time series. */
export const TIME_SERIES_GROUPS = ['agent', 'status', 'operation'] as const;

/** One of {@link TIME_SERIES_GROUPS}. */
export type TimeSeriesGroup = (typeof TIME_SERIES_GROUPS)[number];

/** Options of {@link Persistence.timeSeries}: the rows, as queries filter them, and how they are summarized. */
export interface TimeSeriesQuery extends RowFilters {
  /** Executions (`receipts`), or audited operations that have ended (`audit_log`). @default 'audit_log' */
  readonly table?: 'receipts' | 'audit_log';
  /** @default totals only */
  readonly bucket?: TimeBucket;
  /** A series for each agent, status or (of audit entries) operation. @default one series of all rows */
  readonly by?: TimeSeriesGroup;
  /** The period, counted back from now, where `since` is not given. @default 'last-7-days' */
  readonly period?: AnalyticsPeriod;
}

/** Numbers of the rows of one span of time. Percentiles are within 1 % of those of the rows themselves. */
export interface TimeSeriesNumbers {
  readonly count: number;
  /** Rows that failed: status `error` of receipts, `failed` of audit entries. */
  readonly failed: number;
  /** `failed / count`, rounded to four decimals; null without rows. */
  readonly errorShare: number | null;
  /** Rows per hour, rounded to four decimals. */
  readonly ratePerHour: number;
  /** Durations in milliseconds that half of the rows, 95 and 99 of a hundred do not exceed; null without durations. */
  readonly p50DurationMs: number | null;
  readonly p95DurationMs: number | null;
  readonly p99DurationMs: number | null;
}

/** A step of a series. The first and the last one may be cut by the period; the rate counts the time within it. */
export interface TimeSeriesStep extends TimeSeriesNumbers {
  /** ISO 8601 with Z. */
  readonly start: string;
}

/** The rows of one agent, status or operation, or all rows. */
export interface TimeSeries {
  /** Null for all rows. */
  readonly group: string | null;
  readonly total: TimeSeriesNumbers;
  /** The same numbers for the period of the same length before. */
  readonly before: TimeSeriesNumbers;
  /** Every step of the period, also those without rows; empty without `bucket`. */
  readonly steps: readonly TimeSeriesStep[];
}

/** Result of {@link Persistence.timeSeries}. */
export interface TimeSeriesReport {
  readonly table: 'receipts' | 'audit_log';
  readonly bucket: TimeBucket | null;
  readonly by: TimeSeriesGroup | null;
  /** ISO 8601 with Z; rows of this time or later. */
  readonly since: string;
  /** ISO 8601 with Z; rows before this time. */
  readonly until: string;
  /** ISO 8601 with Z. */
  readonly generatedAt: string;
  /** The series with most rows first. */
  readonly series: readonly TimeSeries[];
}
