/** Table for people, fitted to the width of the terminal. */
import { stripVTControlCharacters, styleText } from 'node:util';
import { encodeJsonValue } from '@ggen-sim/core';
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import type { Terminal } from '../caller.ts';
import { printable } from './printable.ts';

const GAP = '  ';

/** Columns up to this width (a timestamp) are never truncated. */
const MAX_UNTRUNCATED_COLUMNS = 19;

/** Least width of a truncated column. */
const MIN_TRUNCATED_COLUMNS = 8;

/**
 * Table of headings, a rule and one line per row. There are no borders, so text can be copied from it. On a narrow
 * terminal, columns are truncated from the right. If that is not enough, the last columns are left out.
 */
export class Table {
  /** Headings of the columns left out. */
  readonly hidden: readonly string[];
  readonly #headings: readonly string[];
  readonly #widths: number[];
  readonly #alignsRight: readonly boolean[];
  readonly #terminal: Terminal;

  /**
   * @param headings - one per column, the most important first
   * @param sample - rows that decide the widths and the alignment of the columns. A wider cell in a later row is
   * truncated on a terminal; elsewhere it widens its column from that row on
   */
  constructor(headings: readonly string[], sample: readonly (readonly unknown[])[], terminal: Terminal) {
    const natural = headings.map((heading, column) =>
      sample.reduce(
        (width, row) => Math.max(width, stringWidth(cellText(row[column]))),
        stringWidth(heading),
      ),
    );
    const { widthColumns } = terminal;
    this.#widths = widthColumns === undefined ? natural : fittingWidths(natural, widthColumns);
    this.#alignsRight = headings.map((_, column) => sample.every((row) => !isText(row[column])));
    this.#headings = headings;
    this.#terminal = terminal;
    this.hidden = headings.slice(this.#widths.length);
  }

  /** Renders the headings and the rule. */
  head(): string {
    const heading = this.#line(this.#headings);
    const rule = this.#line(this.#widths.map((width) => '─'.repeat(width)));
    return `${this.#terminal.hasColors ? styleText('bold', heading) : heading}\n${rule}\n`;
  }

  /** Renders a row. A null becomes an empty cell, control characters become escapes. */
  row(cells: readonly unknown[]): string {
    return `${this.#line(cells.map(cellText))}\n`;
  }

  #line(texts: readonly string[]): string {
    return this.#widths
      .map((_, column) => this.#padded(texts[column] ?? '', column))
      .join(GAP)
      .trimEnd();
  }

  #padded(text: string, column: number): string {
    let shown = text;
    let shownColumns = stringWidth(text);
    let width = this.#widths[column] ?? 0;
    if (shownColumns > width && this.#terminal.widthColumns === undefined) {
      width = this.#widths[column] = shownColumns;
    } else if (shownColumns > width) {
      // `cli-truncate` appends style resets even to text without styles.
      shown = stripVTControlCharacters(cliTruncate(text, width));
      shownColumns = stringWidth(shown);
    }
    const padding = ' '.repeat(Math.max(0, width - shownColumns));
    return this.#alignsRight[column] ? padding + shown : shown + padding;
  }
}

/** Renders a table of few rows. */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  terminal: Terminal,
): string {
  const table = new Table(headings, rows, terminal);
  return table.head() + rows.map((row) => table.row(row)).join('');
}

function isText(cell: unknown): boolean {
  return typeof cell === 'string' || typeof cell === 'boolean';
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'string') return printable(cell);
  // Values of rows look as in JSON and CSV. What reports hold is plain JSON.
  const isRowValue = typeof cell !== 'object' || cell instanceof Uint8Array;
  return printable(isRowValue ? encodeJsonValue(cell) : JSON.stringify(cell));
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
