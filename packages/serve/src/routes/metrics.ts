import type { Persistence } from '@ggen-sim/core';
import { answerText } from '../http/answers.ts';
import type { Route } from '../http/route.ts';
import { databaseMetrics, fileMetrics } from '../metrics/database-metrics.ts';
import { exposition, EXPOSITION_TYPE, type Metric } from '../metrics/exposition.ts';
import { processMetrics } from '../metrics/process-metrics.ts';

/** Age at which the metrics of rows are read again, where a system may not report what others save (network file systems). */
const UNNOTIFIED_MS = 60_000;

/** `GET /metrics`: metrics for Prometheus. */
export function metricsRoute(database: Persistence): Route {
  const rows = new RowMetrics(database);
  return {
    methods: ['GET'],
    path: '/metrics',
    async handle({ response }) {
      const file = fileMetrics(await database.info(), await database.historyStatus());
      const text = exposition([...file, ...(await rows.read()), ...processMetrics()]);
      answerText(response, 200, EXPOSITION_TYPE, text);
    },
  };
}

/** Metrics of the rows, read again after commits: a scrape of an unchanged database reads no row. */
class RowMetrics {
  readonly #database: Persistence;
  #isSubscribed = false;
  #read: { readonly metrics: Promise<readonly Metric[]>; readonly atMs: number } | undefined;

  constructor(database: Persistence) {
    this.#database = database;
  }

  async read(): Promise<readonly Metric[]> {
    const isKept = this.#subscribe();
    const now = performance.now();
    if (!isKept || this.#read === undefined || now - this.#read.atMs > UNNOTIFIED_MS) {
      const metrics = databaseMetrics(this.#database);
      this.#read = { metrics, atMs: now };
      // A failure is that of the requests which wait for it now, and not of later ones.
      metrics.catch(this.#forget);
    }
    return this.#read.metrics;
  }

  readonly #forget = (): void => {
    this.#read = undefined;
  };

  /** Subscribes once. @returns false where the system can watch no more files */
  #subscribe(): boolean {
    try {
      if (!this.#isSubscribed) this.#database.subscribe(this.#forget);
      this.#isSubscribed = true;
    } catch {
      return false;
    }
    return true;
  }
}
