import { changedLines } from '../session/line-comparison.ts';

/** A replacement in a text, by offsets of the text before. */
export interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/**
 * Returns the changed lines between two texts. A cursor in a line that is not changed stays where it is.
 * @param before - text with line feeds only
 */
export function changesBetween(before: string, after: string): TextChange[] {
  const lines = linesOf(before);
  const nextLines = linesOf(after);
  const offsets = [0];
  for (const line of lines) offsets.push((offsets.at(-1) ?? 0) + line.length);
  return changedLines(lines, nextLines).map(({ start, end, otherStart, otherEnd }) => ({
    from: offsets[start] ?? before.length,
    to: offsets[end] ?? before.length,
    insert: nextLines.slice(otherStart, otherEnd).join(''),
  }));
}

/** Splits a text after each line feed. */
function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/);
}
