import { formatCount } from '../components/format.ts';

/** Durations that a reader knows, as the marks of a logarithmic axis, in milliseconds. */
export const DURATION_MARKS_MS: readonly number[] = [
  1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 86_400_000, 864_000_000, 8_640_000_000,
  86_400_000_000,
];

/** Heights between names of marks, so that none lies over another, as shares of the axis. */
const LEAST_DISTANCE = 0.14;

/** Lists the marks that have room for their names on an axis, from the least. */
export function namedMarks(fromMs: number, toMs: number): number[] {
  const place = (ms: number): number => Math.log(ms / fromMs) / Math.log(toMs / fromMs);
  const named: number[] = [];
  for (const mark of DURATION_MARKS_MS) {
    if (mark < fromMs || mark > toMs) continue;
    const before = named.at(-1);
    if (before === undefined || place(mark) - place(before) >= LEAST_DISTANCE) named.push(mark);
  }
  return named;
}

/** Names a mark as briefly as possible. */
export function markName(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${ms / 1000} s`;
  if (ms < 3_600_000) return `${ms / 60_000} min`;
  return ms < 86_400_000 ? `${ms / 3_600_000} h` : `${formatCount(ms / 86_400_000)} d`;
}

/** Room below the lowest mark, so that a run of that duration has a bar. */
const BELOW_THE_FIRST_MARK = 0.6;

/** A mark that is nearer than this factor is shown above the longest run. */
const NEAR = 4;

/** Widens a range of durations to marks. */
export function durationRange(minMs: number | null, maxMs: number | null): [number, number] {
  const least = Math.max(minMs ?? 1, 1);
  const most = Math.max(maxMs ?? 1, least);
  const from = DURATION_MARKS_MS.findLast((mark) => mark <= least) ?? 1;
  // A little more than the longest, so that its bar does not touch the edge.
  const to = DURATION_MARKS_MS.find((mark) => mark >= most && mark > from) ?? most;
  return [from * BELOW_THE_FIRST_MARK, to <= most * NEAR ? to : most * 2];
}
