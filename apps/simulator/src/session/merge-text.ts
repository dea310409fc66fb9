import { diff3Merge } from 'node-diff3';
import { commonEnds, isQuickToCompare } from './line-comparison.ts';

/** Text of two writers. */
export interface MergedText {
  readonly text: string;
  /** Lines, counted from 1, from which both versions of the same lines follow each other. */
  readonly conflicts: readonly number[];
}

/**
 * Merges two versions of a text line by line. Where both changed the same lines, both versions are kept, this one first:
 * a line too many is seen and removed, a missing one is not seen. Where both changed more lines than can be compared in a
 * moment, all lines between the first change and the last are one conflict.
 *
 * @param base - the text that both versions come from
 */
export function mergeText(base: string, mine: string, theirs: string): MergedText {
  if (theirs === base || theirs === mine) return { text: mine, conflicts: [] };
  if (mine === base) return { text: theirs, conflicts: [] };
  const [baseLines, mineLines, theirLines] = [linesOf(base), linesOf(mine), linesOf(theirs)];
  const own = commonEnds(baseLines, mineLines);
  const other = commonEnds(baseLines, theirLines);
  // All changes of one are before all changes of the other, and a line that is not changed is between them.
  if (baseLines.length - own.tail < other.head)
    return joined(
      mineLines.slice(0, mineLines.length - own.tail),
      theirLines.slice(baseLines.length - own.tail),
    );
  if (baseLines.length - other.tail < own.head)
    return joined(
      theirLines.slice(0, theirLines.length - other.tail),
      mineLines.slice(baseLines.length - other.tail),
    );
  const head = Math.min(own.head, other.head);
  const tail = Math.min(own.tail, other.tail);
  const middleOf = (lines: readonly string[]): string[] => lines.slice(head, lines.length - tail);
  const lines = baseLines.slice(0, head);
  const conflicts: number[] = [];
  for (const region of regionsOf(middleOf(baseLines), middleOf(mineLines), middleOf(theirLines))) {
    let merged: readonly string[] = region.ok ?? [];
    if (region.conflict) {
      const { a, o, b } = region.conflict;
      const conflict = mergeLines(o, a, b);
      merged = conflict.merged;
      if (conflict.clash !== undefined) conflicts.push(lines.length + conflict.clash + 1);
    }
    for (const line of merged) lines.push(line);
  }
  return { text: [...lines, ...baseLines.slice(baseLines.length - tail)].join('\n'), conflicts };
}

function joined(first: readonly string[], second: readonly string[]): MergedText {
  return { text: [...first, ...second].join('\n'), conflicts: [] };
}

/** Lines that are merged, or the lines of both writers where they are not: of this one, of the base, of the other one. */
interface Region {
  readonly ok?: readonly string[] | undefined;
  readonly conflict?: {
    readonly a: readonly string[];
    readonly o: readonly string[];
    readonly b: readonly string[];
  };
}

function regionsOf(base: string[], mine: string[], theirs: string[]): Region[] {
  return isQuickToCompare(base, mine) && isQuickToCompare(base, theirs)
    ? diff3Merge(mine, base, theirs)
    : [{ conflict: { a: mine, o: base, b: theirs } }];
}

/** The editor ends lines by a line feed, whatever the file had. */
function linesOf(text: string): string[] {
  return text.split(/\r\n?|\n/);
}

/** Merges lines that both changed. @returns the lines, and the index of the first one that both changed differently */
function mergeLines(
  base: readonly string[],
  mine: readonly string[],
  theirs: readonly string[],
): { readonly merged: readonly string[]; readonly clash: number | undefined } {
  // Neighbouring lines that one writer each has changed.
  if (mine.length === base.length && theirs.length === base.length) {
    const changedByBoth = base.findIndex(
      (line, index) => mine[index] !== line && theirs[index] !== line && mine[index] !== theirs[index],
    );
    if (changedByBoth === -1) {
      const merged = base.map((line, index) => (mine[index] === line ? theirs[index] : mine[index]) ?? line);
      return { merged, clash: undefined };
    }
  }
  const { head, tail } = commonEnds(mine, theirs);
  const merged = [...mine.slice(0, mine.length - tail), ...theirs.slice(head)];
  // Two additions at one place contradict each other in nothing.
  return { merged, clash: base.every((line) => line.trim() === '') ? undefined : head };
}
