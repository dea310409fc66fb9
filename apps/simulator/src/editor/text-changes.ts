import { diffIndices } from 'node-diff3';
import { commonEnds, isQuickToCompare } from '../session/line-comparison.ts';

/** A replacement in a text, by offsets of the text before. */
export interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/**
 * Returns the changed lines between two texts. A cursor in a line that is not changed stays where it is. Between texts
 * that differ in too many lines, all from the first changed line to the last is one change.
 * @param before - text with line feeds only
 */
export function changesBetween(before: string, after: string): TextChange[] {
  const lines = linesOf(before);
  const nextLines = linesOf(after);
  const offsets = [0];
  for (const line of lines) offsets.push((offsets.at(-1) ?? 0) + line.length);
  const { head, tail } = commonEnds(lines, nextLines);
  const [middle, nextMiddle] = [
    lines.slice(head, lines.length - tail),
    nextLines.slice(head, nextLines.length - tail),
  ];
  if (middle.length === 0 && nextMiddle.length === 0) return [];
  const change = (start: number, length: number, inserted: readonly string[]): TextChange => ({
    from: offsets[head + start] ?? 0,
    to: offsets[head + start + length] ?? before.length,
    insert: inserted.join(''),
  });
  if (!isQuickToCompare(middle, nextMiddle)) return [change(0, middle.length, nextMiddle)];
  return diffIndices(middle, nextMiddle).map(
    ({ buffer1: [start, length], buffer2: [nextStart, nextLength] }) =>
      change(start, length, nextMiddle.slice(nextStart, nextStart + nextLength)),
  );
}

/** Splits a text after each line feed. */
function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/);
}
