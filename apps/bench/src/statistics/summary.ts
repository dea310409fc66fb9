import { quantileSorted } from 'simple-statistics';

/** What a report says of samples. */
export interface Summary {
  readonly median: number;
  /** The bad end: the 99th percentile of times, the first of rates. */
  readonly worst: number;
  readonly count: number;
}

export function summarize(samples: readonly number[], better: 'lower' | 'higher'): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantileSorted(sorted, 0.5),
    worst: quantileSorted(sorted, better === 'lower' ? 0.99 : 0.01),
    count: sorted.length,
  };
}
