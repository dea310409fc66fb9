/** Table for people, fitted to the width of the terminal. */
import { stripVTControlCharacters, styleText } from 'node:util';
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import type { Terminal } from '../command-context.ts';
import { printable } from './printable.ts';

const GAP = '  ';

/** Columns up to this width (a timestamp) are never truncated. */
const MAX_UNTRUNCATED_COLUMNS = 19;

/** Least width of a truncated column. */
const MIN_TRUNCATED_COLUMNS = 8;

/** A rendered table and the columns that did not fit. */
export interface RenderedTable {
  readonly text: string;
  /** Headings of the columns left out. */
  readonly hidden: readonly string[];
}

/**
 * Renders headings, a rule and one line per row. There are no borders, so text can be copied from it. On a narrow
 * terminal, columns are truncated from the right. If that is not enough, the last columns are left out.
 *
 * @param headings - one per column, the most important first
 * @param rows - one cell per heading; null becomes an empty cell, control characters become escapes
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
      .join(GAP)
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

/** Computes the widths of the columns that fit; the result is shorter than `natural` if not all fit. */
function fittingWidths(natural: readonly number[], widthColumns: number): number[] {
  const least = natural.map((width) => (width <= MAX_UNTRUNCATED_COLUMNS ? width : MIN_TRUNCATED_COLUMNS));
  const total = (widths: readonly number[]): number =>
    widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
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
  // `cli-truncate` appends style resets even to text without styles.
  const shown = stringWidth(text) <= width ? text : stripVTControlCharacters(cliTruncate(text, width));
  const padding = ' '.repeat(Math.max(0, width - stringWidth(shown)));
  return alignsRight ? padding + shown : shown + padding;
}
