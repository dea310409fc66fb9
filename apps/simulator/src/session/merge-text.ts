import { diff3Merge } from 'node-diff3';

/** Text of two writers. */
export interface MergedText {
  readonly text: string;
  /** Lines, counted from 1, from which both versions of the same lines follow each other. */
  readonly conflicts: readonly number[];
}

/**
 * Merges two versions of a text line by line. Where both changed the same lines, both versions are kept, this one first:
 * a line too many is seen and removed, a missing one is not seen.
 *
 * @param base - the text that both versions come from
 */
export function mergeText(base: string, mine: string, theirs: string): MergedText {
  if (theirs === base || theirs === mine) return { text: mine, conflicts: [] };
  if (mine === base) return { text: theirs, conflicts: [] };
  const lines: string[] = [];
  const conflicts: number[] = [];
  for (const region of diff3Merge(linesOf(mine), linesOf(base), linesOf(theirs))) {
    if (region.ok) lines.push(...region.ok);
    if (!region.conflict) continue;
    const { a, o, b } = region.conflict;
    const { merged, clash } = mergeLines(o, a, b);
    if (clash !== undefined) conflicts.push(lines.length + clash + 1);
    for (const line of merged) lines.push(line);
  }
  return { text: lines.join('\n'), conflicts };
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
  let start = 0;
  while (start < Math.min(mine.length, theirs.length) && mine[start] === theirs[start]) start += 1;
  let end = 0;
  const longestEnd = Math.min(mine.length, theirs.length) - start;
  while (end < longestEnd && mine[mine.length - 1 - end] === theirs[theirs.length - 1 - end]) end += 1;
  const merged = [...mine.slice(0, mine.length - end), ...theirs.slice(start)];
  // Two additions at one place contradict each other in nothing.
  return { merged, clash: base.every((line) => line.trim() === '') ? undefined : start };
}
