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
