import type { ShapeTime } from '../shacl/engine.ts';
import type { ReceiptDurations, ShapeDuration } from './receipt.ts';

type Stage = Exclude<keyof ReceiptDurations, 'total' | 'shapes'>;

/** Shapes whose time a receipt has: the slowest. */
const MAX_SHAPES = 20;

/** Measures stages with the monotonic clock. */
export class Stopwatch {
  readonly #startedMs: number = performance.now();
  readonly #stages: Partial<Record<Stage, number>> = {};
  #shapes: ShapeDuration[] = [];

  /** Adds the time of a shape. */
  addShape({ shape, focusNodes, durationMs }: ShapeTime): void {
    this.#shapes.push({ shape, focus_nodes: focusNodes, evaluate: rounded(durationMs) });
    if (this.#shapes.length < 2 * MAX_SHAPES) return;
    this.#shapes = this.#slowest();
  }

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
    const total = rounded(performance.now() - this.#startedMs);
    const shapes = this.#slowest();
    return { ...this.#stages, ...(shapes.length === 0 ? {} : { shapes }), total };
  }

  #slowest(): ShapeDuration[] {
    return this.#shapes.toSorted((a, b) => b.evaluate - a.evaluate).slice(0, MAX_SHAPES);
  }
}

/** Rounds to microseconds, the finest resolution of the clock on any platform. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
