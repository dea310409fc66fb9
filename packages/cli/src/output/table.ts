/** Rows as a table for people, fitted to the terminal's width. */
import { stripVTControlCharacters, styleText } from 'node:util';
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import type { Terminal } from '../command-context.ts';
import { printable } from './printable.ts';

const gap = '  ';

/** A column up to this width (a timestamp) is shown whole or not at all. */
const wholeColumns = 19;

/** A wider column may be cut down to this. */
const narrowestColumns = 8;

/** A table, and what of it did not fit. */
export interface RenderedTable {
  readonly text: string;
  /** Headings of columns that are not shown. */
  readonly hidden: readonly string[];
}

/**
 * Headings, a rule, a line per row: borderless, so that what is copied from it is text. Where the terminal is too
 * narrow, columns on the right are cut first and left out last.
 *
 * @param headings - one per column, the most telling first
 * @param rows - as many cells as headings; null is shown as nothing, control characters as escapes
 */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  { widthColumns, hasColors }: Terminal,
): RenderedTable {
  const texts = rows.map((row) => row.map(cellText));
  const natural = headings.map((heading, column) =>
    Math.max(stringWidth(heading), ...texts.map((row) => stringWidth(row[column] ?? ''))),
  );
  const widths = widthColumns === undefined ? natural : fittingWidths(natural, widthColumns);
  const alignsRight = headings.map((_, column) => rows.every((row) => !isText(row[column])));
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => padded(cells[column] ?? '', width, alignsRight[column] ?? false))
      .join(gap)
      .trimEnd();
  const heading = line(headings);
  const rule = line(widths.map((width) => '─'.repeat(width)));
  const lines = [hasColors ? styleText('bold', heading) : heading, rule, ...texts.map(line), ''];
  return { text: lines.join('\n'), hidden: headings.slice(widths.length) };
}

function isText(cell: unknown): boolean {
  return typeof cell === 'string' || typeof cell === 'boolean';
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return printable(typeof cell === 'string' ? cell : JSON.stringify(cell));
}

/** The widths of the columns that are shown: fewer than there are, where not all of them fit. */
function fittingWidths(natural: readonly number[], widthColumns: number): number[] {
  const least = natural.map((width) => (width <= wholeColumns ? width : narrowestColumns));
  const total = (widths: readonly number[]): number =>
    widths.reduce((sum, width) => sum + width + gap.length, -gap.length);
  let shown = natural.length;
  while (shown > 2 && total(least.slice(0, shown)) > widthColumns) shown -= 1;
  const widths = natural.slice(0, shown);
  for (let column = shown - 1; column >= 0; column -= 1) {
    const excess = Math.max(0, total(widths) - widthColumns);
    const width = widths[column] ?? 0;
    widths[column] = Math.max(width - excess, Math.min(width, least[column] ?? 0));
  }
  return widths;
}

function padded(text: string, width: number, alignsRight: boolean): string {
  // The library ends a shortened text with style resets, even where there was no style.
  const shown = stringWidth(text) <= width ? text : stripVTControlCharacters(cliTruncate(text, width));
  const padding = ' '.repeat(Math.max(0, width - stringWidth(shown)));
  return alignsRight ? padding + shown : shown + padding;
}
