import { diffArrays } from 'diff';

/** Steps of a comparison that a user does not notice: about a fifth of a second. */
const MAX_STEPS = 100_000_000;

/** Counts the lines that two texts have in common at their start and, after those, at their end. */
export function commonEnds(
  one: readonly string[],
  other: readonly string[],
): { readonly head: number; readonly tail: number } {
  const shorter = Math.min(one.length, other.length);
  let head = 0;
  while (head < shorter && one[head] === other[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && one.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  return { head, tail };
}

/**
 * Says whether node-diff3 compares two texts in a moment. It looks at each pair of equal lines, and for each pair perhaps
 * at every line: with many blank lines that is nearly the cube of their number.
 */
export function isQuickToCompare(one: readonly string[], other: readonly string[]): boolean {
  const counts = new Map<string, number>();
  for (const line of one) counts.set(line, (counts.get(line) ?? 0) + 1);
  let pairs = one.length + other.length;
  for (const line of other) pairs += counts.get(line) ?? 0;
  return pairs * Math.min(one.length, other.length) <= MAX_STEPS && pairs <= MAX_STEPS;
}

/** Lines of one text, from the first to before the last, in whose place another one has others. */
export interface LineChange {
  readonly start: number;
  readonly end: number;
  readonly otherStart: number;
  readonly otherEnd: number;
}

/** Lines removed and added, up to which the shortest way from one text to another is looked for. */
const MAX_EDITS = 100;

/**
 * Compares two texts line by line, in a moment for texts of any length. Where many lines differ, those that each text has once
 * hold the texts together (patience diff), and where too many lines between two of those differ, they are one change.
 */
export function changedLines(one: readonly string[], other: readonly string[]): LineChange[] {
  const { head, tail } = commonEnds(one, other);
  const end = { index: one.length - tail, otherIndex: other.length - tail };
  const few = changesBefore(end, head, head, one, other);
  if (few !== undefined) return few;
  const changes: LineChange[] = [];
  let [start, otherStart] = [head, head];
  for (const anchor of [...anchorsOf(one, other, head, end), end]) {
    const { index, otherIndex } = anchor;
    const between = changesBefore(anchor, start, otherStart, one, other);
    changes.push(...(between ?? [{ start, end: index, otherStart, otherEnd: otherIndex }]));
    [start, otherStart] = [index + 1, otherIndex + 1];
  }
  return changes;
}

/** A line that both texts have. */
interface Anchor {
  readonly index: number;
  readonly otherIndex: number;
}

/** Finds the longest row of lines that each text has once, in the order of both. */
function anchorsOf(one: readonly string[], other: readonly string[], head: number, end: Anchor): Anchor[] {
  const otherPlaces = placesOf(other, head, end.otherIndex);
  /** The anchor with which a row of each length ends, and the one before it: those that end first. */
  const rows: { readonly anchor: Anchor; readonly before: number }[] = [];
  const ends: number[] = [];
  for (const [line, index] of placesOf(one, head, end.index)) {
    const otherIndex = otherPlaces.get(line) ?? REPEATED;
    if (index === REPEATED || otherIndex === REPEATED) continue;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[ends[middle] ?? 0]?.anchor.otherIndex ?? 0) < otherIndex) low = middle + 1;
      else high = middle;
    }
    ends[low] = rows.length;
    rows.push({ anchor: { index, otherIndex }, before: low === 0 ? NONE : (ends[low - 1] ?? NONE) });
  }
  const anchors: Anchor[] = [];
  for (let row = rows[ends.at(-1) ?? NONE]; row !== undefined; row = rows[row.before])
    anchors.push(row.anchor);
  return anchors.toReversed();
}

const REPEATED = -1;
const NONE = -1;

/** Returns where each line is, in the order of the first places. */
function placesOf(lines: readonly string[], start: number, end: number): Map<string, number> {
  const places = new Map<string, number>();
  for (let index = start; index < end; index++) {
    const line = lines[index] ?? '';
    places.set(line, places.has(line) ? REPEATED : index);
  }
  return places;
}

/** Compares the lines from two places up to an anchor. @returns undefined for more than {@link MAX_EDITS} */
function changesBefore(
  { index, otherIndex }: Anchor,
  from: number,
  otherFrom: number,
  one: readonly string[],
  other: readonly string[],
): LineChange[] | undefined {
  if (from === index && otherFrom === otherIndex) return [];
  const parts = diffArrays(one.slice(from, index), other.slice(otherFrom, otherIndex), {
    maxEditLength: MAX_EDITS,
  });
  if (parts === undefined) return undefined;
  const changes: LineChange[] = [];
  let [start, otherStart, end, otherEnd] = [from, otherFrom, from, otherFrom];
  const finish = (): void => {
    if (end > start || otherEnd > otherStart) changes.push({ start, end, otherStart, otherEnd });
  };
  for (const { added, removed, count } of parts) {
    if (removed) end += count;
    else if (added) otherEnd += count;
    else {
      finish();
      [start, otherStart] = [end + count, otherEnd + count];
      [end, otherEnd] = [start, otherStart];
    }
  }
  finish();
  return changes;
}
