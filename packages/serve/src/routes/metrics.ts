import { setTimeout as pause } from 'node:timers/promises';
import type { Persistence } from '@ggen-sim/core';
import { answerText } from '../http/answers.ts';
import type { Route } from '../http/route.ts';
import { databaseMetrics, fileMetrics } from '../metrics/database-metrics.ts';
import { exposition, EXPOSITION_TYPE, type Metric } from '../metrics/exposition.ts';
import { processMetrics } from '../metrics/process-metrics.ts';

/** Age at which rows are counted again, where a system may not report what others save (network file systems). */
const UNNOTIFIED_MS = 60_000;

/** Pause after counting for longer than a scrape waits, in times of what it took: it takes a tenth of the time at most. */
const PAUSE = 9;

/** `GET /metrics`: metrics for Prometheus. */
export function metricsRoute(database: Persistence): Route {
  const rows = new RowMetrics(database);
  return {
    methods: ['GET'],
    path: '/metrics',
    async handle({ response, limits }) {
      const file = fileMetrics(await database.info(), await database.historyStatus());
      const text = exposition([...file, ...(await rows.read(limits.metricsMs)), ...processMetrics()]);
      answerText(response, 200, EXPOSITION_TYPE, text);
    },
  };
}

/** Metrics of the rows, counted again after commits: a scrape of an unchanged database reads no row. */
class RowMetrics {
  readonly #database: Persistence;
  #isSubscribed = false;
  #isCurrent = false;
  #counting: Promise<void> | undefined;
  #counted:
    | { readonly metrics: readonly Metric[]; readonly atMs: number; readonly tookMs: number }
    | undefined;

  constructor(database: Persistence) {
    this.#database = database;
  }

  /** @returns the metrics of before where counting takes longer than the time limit; none if there are no such ones */
  async read(timeLimitMs: number): Promise<readonly Metric[]> {
    if (this.#isDue(timeLimitMs)) this.#counting ??= this.#count();
    await Promise.race([this.#counting, pause(timeLimitMs, undefined, { ref: false })]);
    return this.#counted?.metrics ?? [];
  }

  #isDue(timeLimitMs: number): boolean {
    const isNotified = this.#subscribe();
    if (this.#counted === undefined) return true;
    const { atMs, tookMs } = this.#counted;
    const ageMs = performance.now() - atMs;
    if (tookMs > timeLimitMs && ageMs < PAUSE * tookMs) return false;
    return !isNotified || !this.#isCurrent || ageMs > UNNOTIFIED_MS;
  }

  #count(): Promise<void> {
    const startedAtMs = performance.now();
    const count = async (): Promise<void> => {
      this.#isCurrent = true;
      try {
        const metrics = await databaseMetrics(this.#database);
        const atMs = performance.now();
        this.#counted = { metrics, atMs, tookMs: atMs - startedAtMs };
      } catch (error) {
        this.#isCurrent = false;
        if (this.#counted === undefined) throw error;
      } finally {
        this.#counting = undefined;
      }
    };
    const counting = count();
    // A failure is that of the requests which wait for it now, if there are any.
    counting.catch(() => undefined);
    return counting;
  }

  readonly #onChange = (): void => {
    this.#isCurrent = false;
  };

  /** Subscribes once. @returns false where the system can watch no more files */
  #subscribe(): boolean {
    try {
      if (!this.#isSubscribed) this.#database.subscribe(this.#onChange);
      this.#isSubscribed = true;
    } catch {
      return false;
    }
    return true;
  }
}
