import type { ReceiptDurations } from './receipt.ts';

type Stage = Exclude<keyof ReceiptDurations, 'total'>;

/** Measures stages with the monotonic clock. */
export class Stopwatch {
  readonly #startedMs: number = performance.now();
  readonly #stages: Partial<Record<Stage, number>> = {};

  /** Runs a stage and measures it, even when it fails. */
  async time<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      this.#stages[stage] = rounded(performance.now() - startedMs);
    }
  }

  /** Returns the measured stages, and the time since the stopwatch was made as the total. */
  durations(): ReceiptDurations {
    return { ...this.#stages, total: rounded(performance.now() - this.#startedMs) };
  }
}

/** Rounds to microseconds, the finest resolution of the clock on any platform. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
