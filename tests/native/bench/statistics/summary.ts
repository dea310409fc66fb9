import { quantileSorted } from 'simple-statistics';

/** Numbers of a report about samples. */
export interface Summary {
  readonly median: number;
  /** The bad end: the 99th percentile of times, the first of rates. */
  readonly worst: number;
  readonly count: number;
}

export function summarize(trials: readonly (readonly number[])[], better: 'lower' | 'higher'): Summary {
  const sorted = trials.flat().toSorted((a, b) => a - b);
  return {
    median: quantileSorted(sorted, 0.5),
    worst: quantileSorted(sorted, better === 'lower' ? 0.99 : 0.01),
    count: sorted.length,
  };
}

/**
 * How many times the one is of the other: the median of the quotients of trials that were taken next to each other, so
 * that a machine that is slower for a while does not decide. Where their numbers differ, the quotient of the medians.
 */
export function ratioOf(
  trials: readonly (readonly number[])[],
  others: readonly (readonly number[])[],
): number {
  if (trials.length !== others.length) return median(trials.flat()) / median(others.flat());
  return median(trials.map((trial, index) => median(trial) / median(others[index] as readonly number[])));
}

function median(samples: readonly number[]): number {
  return quantileSorted(
    samples.toSorted((a, b) => a - b),
    0.5,
  );
}
