/**
 * Percentiles of durations from counts in logarithmic buckets, as DDSketch has them (https://arxiv.org/abs/1908.10693).
 * No percentile is beyond the least or the greatest duration, so those of one run are its duration. A bucket holds the durations from GAMMA ** (index - 1), exclusive, to GAMMA ** index. Its middle differs from each of them by
 * 1 % at most, and sketches of parts are merged by adding their counts.
 */

const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);

/** Counts of durations. */
export class DurationSketch {
  readonly #counts: Map<number, number> = new Map();
  /** Durations of zero, which have no logarithm. */
  #zeros = 0;
  #count = 0;
  #leastMs = Infinity;
  #greatestMs = 0;

  /** @param durationMs - a negative one, which only another program stores, counts as 0 */
  add(durationMs: number): void {
    this.#count++;
    this.#widen(durationMs, durationMs);
    if (durationMs > 0) {
      const index = Math.ceil(Math.log(durationMs) / LOG_GAMMA);
      this.#counts.set(index, (this.#counts.get(index) ?? 0) + 1);
    } else this.#zeros++;
  }

  /** Adds the counts of another sketch. */
  merge(other: DurationSketch): void {
    this.#count += other.#count;
    this.#zeros += other.#zeros;
    this.#widen(other.#leastMs, other.#greatestMs);
    for (const [index, count] of other.#counts)
      this.#counts.set(index, (this.#counts.get(index) ?? 0) + count);
  }

  /**
   * Estimates percentiles by nearest rank.
   * @param shares - in ascending order, each above 0 and at most 1
   * @returns milliseconds, with six digits; null without durations
   */
  percentiles(shares: readonly number[]): (number | null)[] {
    if (this.#count === 0) return shares.map(() => null);
    const indexes = [...this.#counts.keys()].toSorted((left, right) => left - right);
    let position = -1;
    let passed = this.#zeros;
    return shares.map((share) => {
      const rank = Math.ceil(share * this.#count);
      while (passed < rank) passed += this.#counts.get(indexes[++position] ?? 0) ?? Infinity;
      const index = indexes[position];
      if (index === undefined) return 0;
      const middle = Number(((2 * GAMMA ** index) / (GAMMA + 1)).toPrecision(6));
      return Math.min(Math.max(middle, this.#leastMs), this.#greatestMs);
    });
  }

  #widen(leastMs: number, greatestMs: number): void {
    this.#leastMs = Math.min(this.#leastMs, Math.max(leastMs, 0));
    this.#greatestMs = Math.max(this.#greatestMs, greatestMs);
  }
}
