import type { ExportFormat } from '../api/persistence.ts';
import { parseJsonRow } from '../exports/json-values.ts';
import type { AnyTable } from '../tables/table.ts';
import type { Line } from './lines.ts';

/** A row of an input, by the names of its columns; or the reason why there is none. */
export type ParsedRow = { readonly line: number } & (
  | { readonly values: Readonly<Record<string, unknown>> }
  | { readonly reason: string }
);

/** Makes rows of lines. It is asked for each line in order, and once more at the end. */
export interface RowParser {
  parse(line: Line): ParsedRow | undefined;
  /** @returns what is refused because the input ended */
  end(): ParsedRow | undefined;
}

/** Makes the parser of a format. */
export function rowParser(format: ExportFormat, table: AnyTable, noHeader: boolean): RowParser {
  return format === 'csv' ? new CsvParser(table, noHeader) : new JsonParser(format === 'json');
}

const NOT_UTF8 = 'it is not UTF-8';

class JsonParser implements RowParser {
  readonly #isArray: boolean;

  constructor(isArray: boolean) {
    this.#isArray = isArray;
  }

  parse({ number, text, isUtf8 }: Line): ParsedRow | undefined {
    if (!isUtf8) return { line: number, reason: NOT_UTF8 };
    let json = (number === 1 ? text.replace(/^\uFEFF/, '') : text).trim();
    if (this.#isArray) json = json.replace(/^\[/, '').replace(/[,\]]$/, '');
    if (json === '') return undefined;
    try {
      if (json.startsWith('{')) {
        return { line: number, values: parseJsonRow(json) as Readonly<Record<string, unknown>> };
      }
    } catch {
      // The parser's message may quote the row.
    }
    return { line: number, reason: 'it is not one JSON object' };
  }

  end(): undefined {
    return undefined;
  }
}

/** CSV (RFC 4180). An empty cell is NULL, `""` the empty text. A record may have line breaks in quotation marks. */
class CsvParser implements RowParser {
  readonly #table: AnyTable;
  #columns: readonly string[] | undefined;
  #unfinished: string[] = [];
  #firstLine = 0;
  #hasOpenQuote = false;
  /** Number of the first line of the record that is not UTF-8. */
  #unreadableLine: number | undefined;

  constructor(table: AnyTable, noHeader: boolean) {
    this.#table = table;
    this.#columns = noHeader ? table.columns.map(({ column }) => column) : undefined;
  }

  parse({ number, text, isUtf8 }: Line): ParsedRow | undefined {
    if (!isUtf8) this.#unreadableLine ??= number;
    const line = number === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (this.#unfinished.length === 0) this.#firstLine = number;
    this.#unfinished.push(line);
    // Quotation marks within a cell are doubled, so their number says if the record goes on.
    if (countQuotes(line) % 2 === 1) this.#hasOpenQuote = !this.#hasOpenQuote;
    if (this.#hasOpenQuote) return undefined;
    const record = this.#unfinished.join('\n').replace(/\r$/, '');
    this.#unfinished = [];
    // The record ends here, not at that line: what follows within its quotation marks is no record.
    const unreadableLine = this.#unreadableLine;
    this.#unreadableLine = undefined;
    if (unreadableLine !== undefined) return { line: unreadableLine, reason: NOT_UTF8 };
    return record === '' ? undefined : this.#row(record, this.#firstLine);
  }

  end(): ParsedRow | undefined {
    return this.#hasOpenQuote
      ? { line: this.#firstLine, reason: 'it has a quotation mark that does not end' }
      : undefined;
  }

  #row(record: string, line: number): ParsedRow | undefined {
    const cells = cellsOf(record);
    if (cells === undefined)
      return { line, reason: 'it is not CSV: a quotation mark or a carriage return within a cell' };
    if (this.#columns === undefined) {
      this.#columns = cells.map((cell) => cell ?? '');
      return undefined;
    }
    const columns = this.#columns;
    if (cells.length !== columns.length) {
      return { line, reason: `it has ${cells.length} cells, not ${columns.length}` };
    }
    const numbers = new Set(
      this.#table.columns.filter(({ holds }) => holds === 'number').map(({ column }) => column),
    );
    const values = columns.map((column, index): [string, unknown] => {
      const cell = cells[index] ?? null;
      return [column, cell !== null && numbers.has(column) ? numberOf(cell) : cell];
    });
    return { line, values: Object.fromEntries(values) };
  }
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) count++;
  return count;
}

/** @returns undefined for what is not CSV */
function cellsOf(record: string): (string | null)[] | undefined {
  const cells: (string | null)[] = [];
  for (let position = 0; ; position++) {
    if (record[position] === '"') {
      const start = position + 1;
      do position = record.indexOf('"', position + 1) + 1;
      while (record[position] === '"');
      cells.push(record.slice(start, position - 1).replaceAll('""', '"'));
    } else {
      const comma = record.indexOf(',', position);
      const cell = record.slice(position, comma === -1 ? undefined : comma);
      // A file whose lines end in a carriage return alone would be one long header.
      if (/["\r]/.test(cell)) return undefined;
      cells.push(cell === '' ? null : cell);
      position += cell.length;
    }
    if (position >= record.length) return cells;
    if (record[position] !== ',') return undefined;
  }
}

/** Reads a number exactly. What is none stays text. */
function numberOf(cell: string): number | bigint | string {
  if (/^-?\d+$/.test(cell)) {
    const value = Number(cell);
    return Number.isSafeInteger(value) || BigInt.asIntN(64, BigInt(cell)) !== BigInt(cell)
      ? value
      : BigInt(cell);
  }
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(cell) ? Number(cell) : cell;
}
