import { Change, diff, type DiffConfig } from '@codemirror/merge';
import { changesBetween } from './text-changes.ts';

/** Characters of a change, up to which differences are looked for in its lines. */
const MAX_CHARACTERS = 5000;

/** Changes of a text, up to which differences are looked for in their lines. */
const MAX_CHANGES = 100;

/** Bounds the search in the lines of a change, in characters that differ. */
const IN_LINES: DiffConfig = { scanLimit: 500 };

/**
 * Compares two texts line by line, and then the changed lines by characters. The search of the library itself, which is by
 * characters alone, gives up in a long text and makes one change of all that is between the first difference and the last.
 */
export function differencesBetween(text: string, other: string): readonly Change[] {
  const changes = changesBetween(text, other);
  let shift = 0;
  return changes.flatMap(({ from, to, insert }) => {
    const otherFrom = from + shift;
    shift += insert.length - (to - from);
    if (changes.length > MAX_CHANGES || to - from + insert.length > MAX_CHARACTERS)
      return [new Change(from, to, otherFrom, otherFrom + insert.length)];
    return diff(text.slice(from, to), insert, IN_LINES).map(
      ({ fromA, toA, fromB, toB }) =>
        new Change(fromA + from, toA + from, fromB + otherFrom, toB + otherFrom),
    );
  });
}

/** Makes the views of the library compare texts in this way. */
export const DIFF_CONFIG: DiffConfig = { override: differencesBetween };
