/**
 * Rows as text: one JSON array, one JSON object a line, or CSV. Text is made in chunks, so that a table of any length
 * passes through without ever being held whole.
 */
import type { Options, stringify } from 'csv-stringify/browser/esm/sync';
import type { ExportFormat } from '../api/persistence.ts';

/** One column of the output. */
export interface EncodedColumn {
  /** Its name there: `execution_id`. */
  readonly column: string;
  /** As in the row: `executionId`. */
  readonly field: string;
}

/** What {@link encodeRows} takes. */
export interface RowEncoding {
  readonly format: ExportFormat;
  /** The columns to write, in order, and the field of a row each takes its value from (those of a `TableShape`). */
  readonly columns: readonly EncodedColumn[];
  /** CSV: leave the header row out. @default false */
  readonly noHeader?: boolean;
  /**
   * CSV: put `'` before a text that a spreadsheet would run as a formula (one that starts with `=`, `+`, `-`, `@`, a
   * tab or a carriage return). Such a cell is no longer the stored text. @default false
   */
  readonly csvSafe?: boolean;
}

/** Large enough that a write is worth its system call, small enough to start at once. */
const chunkLengthChars = 64 * 1024;

/**
 * Encodes rows as text under the columns' own names.
 *
 * - `json`: one array, a row a line; `[]` where there is no row. Ends with a newline.
 * - `ndjson`: a JSON object a line; nothing where there is no row.
 * - `csv`: RFC 4180, so lines end with CRLF; NULL is an empty cell, the empty text is `""`.
 *
 * JSON kept in a column stays the text it is: it is quoted as a string, never parsed.
 *
 * @param rows - rows of the API
 * @param encoding - format, columns and the options of CSV
 * @returns chunks of text; concatenated, they are the whole
 */
export async function* encodeRows(
  rows: AsyncIterable<object>,
  encoding: RowEncoding,
): AsyncGenerator<string> {
  const write = encoding.format === 'csv' ? await csvWriter(encoding) : jsonWriter(encoding);
  let pending = write.start;
  let isFirst = true;
  for await (const row of rows) {
    pending += write.row(row, isFirst);
    isFirst = false;
    if (pending.length >= chunkLengthChars) {
      yield pending;
      pending = '';
    }
  }
  pending += write.end;
  if (pending !== '') yield pending;
}

interface RowWriter {
  readonly start: string;
  readonly end: string;
  row(row: object, isFirst: boolean): string;
}

function jsonWriter({ format, columns }: RowEncoding): RowWriter {
  const cellsOf = cellReader(columns);
  const labels = columns.map(({ column }) => `${JSON.stringify(column)}:`);
  const encode = (row: object): string => {
    const members = cellsOf(row).map((cell, index) => `${labels[index]}${JSON.stringify(cell ?? null)}`);
    return `{${members.join(',')}}`;
  };
  if (format === 'ndjson') return { start: '', end: '', row: (row) => `${encode(row)}\n` };
  return { start: '[', end: ']\n', row: (row, isFirst) => (isFirst ? encode(row) : `,\n${encode(row)}`) };
}

/** Loaded on demand: whoever never asks for CSV never pays for it. The browser build runs in Node as well. */
async function csvWriter({ columns, noHeader, csvSafe }: RowEncoding): Promise<RowWriter> {
  const csv: { stringify: typeof stringify } = await import('csv-stringify/browser/esm/sync');
  const cellsOf = cellReader(columns);
  const options: Options = {
    record_delimiter: 'windows',
    // RFC 4180 quotes a lone CR or LF too, which the browser build does not see; "" tells the empty text from NULL.
    quoted_match: /^$|[\r\n]/u,
    escape_formulas: csvSafe === true,
    // A negative number is no formula.
    ...(csvSafe === true && {
      cast: { number: (value) => ({ value: String(value), escape_formulas: false }) },
    }),
  };
  const line = (cells: readonly unknown[]): string => csv.stringify([cells], options);
  return {
    start: noHeader === true ? '' : line(columns.map(({ column }) => column)),
    end: '',
    row: (row) => line(cellsOf(row)),
  };
}

function cellReader(columns: readonly EncodedColumn[]): (row: object) => unknown[] {
  const fields = columns.map(({ field }) => field);
  return (row) => fields.map((field) => (row as Readonly<Record<string, unknown>>)[field]);
}
