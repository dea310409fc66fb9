import { PersistenceError } from '../api/errors.ts';
import type { TimeSeries, TimeSeriesNumbers, TimeSeriesQuery, TimeSeriesStep } from '../api/persistence.ts';
import {
  TIME_BUCKETS,
  TIME_SERIES_GROUPS,
  type TimeBucket,
  type TimeSeriesGroup,
} from '../api/time-series.ts';
import { checkChoice, invalid } from '../validation/arguments.ts';
import { momentOf, MS_PER_DAY, toIsoTime } from '../validation/timestamps.ts';
import { DurationSketch } from './duration-sketch.ts';

const MS_PER_HOUR = 3_600_000;
const BUCKET_MS: Readonly<Record<TimeBucket, number>> = { hour: MS_PER_HOUR, day: MS_PER_DAY };

/** More steps are no overview, and each group has them all. */
const MAX_STEPS = 10_000;

/** Statuses of the audit entries of operations that have ended. */
export const ENDED_STATUSES: readonly string[] = ['completed', 'failed'];

const FAILED_STATUS = { receipts: 'error', audit_log: 'failed' } as const;

/** How a time series summarizes rows, checked. */
export interface SeriesForm {
  readonly table: 'receipts' | 'audit_log';
  readonly bucket: TimeBucket | undefined;
  readonly by: TimeSeriesGroup | undefined;
}

/** Checks how rows are summarized. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkSeriesForm(operation: string, query: TimeSeriesQuery): SeriesForm {
  const { bucket, by } = query;
  const tables = ['receipts', 'audit_log'] as const;
  const table = checkChoice({ operation, name: 'table' }, query.table ?? 'audit_log', tables);
  if (bucket !== undefined) checkChoice({ operation, name: 'bucket' }, bucket, TIME_BUCKETS);
  if (by !== undefined) checkChoice({ operation, name: 'by' }, by, TIME_SERIES_GROUPS);
  if (by === 'operation' && table === 'receipts') {
    throw new PersistenceError('INVALID_ARGUMENT', 'Receipts have no operation to group by', { operation });
  }
  return { table, bucket, by };
}

/** A row of a series: of receipts or of the audit trail. */
export interface SeriesRow {
  readonly createdAt?: unknown;
  readonly timestamp?: unknown;
  readonly agentId: unknown;
  readonly operation?: unknown;
  readonly status: unknown;
  readonly durationMs: unknown;
}

/** Collects the rows of a period and of the one before it. */
export class SeriesCollector {
  readonly #form: SeriesForm;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #stepStartsMs: readonly number[];
  readonly #groups: Map<string | null, GroupCounts> = new Map();

  /**
   * @param fromMs - first moment of the period
   * @param toMs - the moment after it
   * @throws {PersistenceError} INVALID_ARGUMENT for a period with too many steps, or one that ends before it begins
   */
  constructor(operation: string, form: SeriesForm, fromMs: number, toMs: number) {
    this.#form = form;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    if (fromMs >= toMs) {
      throw invalid(
        { operation, name: 'since' },
        toIsoTime(new Date(fromMs)),
        `a time before ${toIsoTime(new Date(toMs))}`,
      );
    }
    const { bucket } = form;
    const stepMs = bucket === undefined ? 0 : BUCKET_MS[bucket];
    const firstMs = stepMs === 0 ? 0 : Math.floor(fromMs / stepMs) * stepMs;
    const steps = stepMs === 0 ? 0 : Math.ceil((toMs - firstMs) / stepMs);
    if (steps > MAX_STEPS) {
      throw invalid(
        { operation, name: 'bucket' },
        bucket,
        `at most ${MAX_STEPS} steps, not ${steps}: a shorter period or longer steps`,
      );
    }
    this.#stepStartsMs = Array.from({ length: steps }, (_, index) => firstMs + index * stepMs);
    if (form.by === undefined) this.#groupOf(null);
  }

  add(row: SeriesRow): void {
    const { table, by } = this.#form;
    const moment = momentOf(table === 'receipts' ? row.createdAt : row.timestamp);
    if (moment === null || moment >= this.#toMs) return;
    const group = this.#groupOf(
      by === undefined
        ? null
        : groupName({ agent: row.agentId, status: row.status, operation: row.operation }[by]),
    );
    const counts = moment < this.#fromMs ? group.before : this.#stepOf(group, moment);
    counts.add(row.status === FAILED_STATUS[table], row.durationMs);
  }

  /** Returns the series, those with most rows first. */
  series(): TimeSeries[] {
    const hours = (this.#toMs - this.#fromMs) / MS_PER_HOUR;
    const series = [...this.#groups].map(([group, { before, steps, whole }]): TimeSeries => {
      const total = new Counts();
      for (const counts of [whole, ...steps.values()]) total.merge(counts);
      return {
        group,
        total: total.numbers(hours),
        before: before.numbers(hours),
        steps: this.#stepStartsMs.map((startMs, index): TimeSeriesStep => ({
          start: toIsoTime(new Date(startMs)),
          ...(steps.get(index) ?? NO_ROWS).numbers(this.#hoursOf(index)),
        })),
      };
    });
    return series.toSorted(
      (left, right) =>
        right.total.count - left.total.count || compareTexts(left.group ?? '', right.group ?? ''),
    );
  }

  #groupOf(name: string | null): GroupCounts {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { before: new Counts(), whole: new Counts(), steps: new Map() };
      this.#groups.set(name, group);
    }
    return group;
  }

  #stepOf({ steps, whole }: GroupCounts, moment: number): Counts {
    const { bucket } = this.#form;
    if (bucket === undefined) return whole;
    const index = Math.floor((moment - (this.#stepStartsMs[0] ?? 0)) / BUCKET_MS[bucket]);
    let counts = steps.get(index);
    if (counts === undefined) steps.set(index, (counts = new Counts()));
    return counts;
  }

  /** Hours of a step that are within the period. */
  #hoursOf(index: number): number {
    const startMs = this.#stepStartsMs[index] ?? 0;
    const endMs = this.#stepStartsMs[index + 1] ?? this.#toMs;
    return (Math.min(endMs, this.#toMs) - Math.max(startMs, this.#fromMs)) / MS_PER_HOUR;
  }
}

interface GroupCounts {
  readonly before: Counts;
  /** The period itself, where it has no steps. */
  readonly whole: Counts;
  /** Steps that have rows, by their position. */
  readonly steps: Map<number, Counts>;
}

/** Names the group of a value. Another program may have stored bytes. */
function groupName(value: unknown): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value);
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** Counts of the rows of one span of time. */
class Counts {
  #count = 0;
  #failed = 0;
  readonly #durations: DurationSketch = new DurationSketch();

  add(hasFailed: boolean, durationMs: unknown): void {
    this.#count++;
    if (hasFailed) this.#failed++;
    const duration = typeof durationMs === 'bigint' ? Number(durationMs) : durationMs;
    if (typeof duration === 'number' && Number.isFinite(duration)) this.#durations.add(duration);
  }

  merge(other: Counts): void {
    this.#count += other.#count;
    this.#failed += other.#failed;
    this.#durations.merge(other.#durations);
  }

  /** @param hours - length of the span */
  numbers(hours: number): TimeSeriesNumbers {
    const [p50 = null, p95 = null, p99 = null] = this.#durations.percentiles([0.5, 0.95, 0.99]);
    return {
      count: this.#count,
      failed: this.#failed,
      errorShare: this.#count === 0 ? null : rounded(this.#failed / this.#count),
      ratePerHour: hours > 0 ? rounded(this.#count / hours) : 0,
      p50DurationMs: p50,
      p95DurationMs: p95,
      p99DurationMs: p99,
    };
  }
}

const NO_ROWS: Counts = new Counts();

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
