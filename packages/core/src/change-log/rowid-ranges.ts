import type { Rowid } from '../tables/foreign-times.ts';

/** First and last rowid of a run without gaps. */
export type RowidRange = readonly [first: Rowid, last: Rowid];

/** Groups rowids into runs without gaps, in ascending order. */
export function rangesOf(rowids: readonly Rowid[]): RowidRange[] {
  const ranges: [Rowid, Rowid][] = [];
  for (const rowid of rowids.toSorted((one, other) => (one < other ? -1 : 1))) {
    const range = ranges.at(-1);
    if (range && BigInt(rowid) === BigInt(range[1]) + 1n) range[1] = rowid;
    else ranges.push([rowid, rowid]);
  }
  return ranges;
}
