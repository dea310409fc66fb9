/**
 * Rows as text: one JSON array, one JSON object per line, or CSV. Text is made in chunks, so a table of any length passes
 * through without being held whole in memory.
 */
import type { Options, stringify } from 'csv-stringify/browser/esm/sync';
import type { ExportFormat } from '../api/persistence.ts';
import { encodeJsonValue } from './json-values.ts';

/** One column of the output. */
export interface EncodedColumn {
  /** Name of the column in the output: `execution_id`. */
  readonly column: string;
  /** Name of the field in the row: `executionId`. */
  readonly field: string;
  /** True for a column that holds a JSON document. @default false */
  readonly isJson?: boolean;
}

/** Options of {@link encodeRows}. */
export interface RowEncoding {
  readonly format: ExportFormat;
  /** Columns to write, in order (those of a `columnsOfTable`). */
  readonly columns: readonly EncodedColumn[];
  /** CSV: leave out the header row. @default false */
  readonly noHeader?: boolean;
  /**
   * CSV: put `'` before a text that a spreadsheet would run as a formula. Such a text starts with `=`, `+`, `-`, `@`, a
   * tab or a carriage return. The cell then differs from the stored text.
   * @default false
   */
  readonly csvSafe?: boolean;
  /**
   * JSON and NDJSON: write the documents of JSON columns as JSON, not as strings that hold it. What another program stored that
   * is no JSON stays a string. In NDJSON the line breaks of a document become spaces.
   * @default false
   */
  readonly rawJson?: boolean;
}

/** Size of a chunk. It is large enough to be worth a system call, and small enough to be written at once. */
const CHUNK_CHARS = 64 * 1024;

/**
 * Encodes rows as text under the names of the columns.
 *
 * - `json`: one array, one row per line; `[]` without rows. Ends with a newline.
 * - `ndjson`: one JSON object per line; empty without rows.
 * - `csv`: RFC 4180, so lines end with CRLF. NULL is an empty cell, the empty text is `""`.
 *
 * A column that holds JSON is written as a quoted string, byte for byte, unless `rawJson` asks for JSON. Bytes, which only other programs store (a BLOB,
 * or text that is not UTF-8), are `{"base64":"…"}` in every format.
 *
 * @param rows - rows of the API
 * @param encoding - format, columns and the options of CSV
 * @returns chunks of text, to be concatenated
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
    if (pending.length >= CHUNK_CHARS) {
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

function jsonWriter({ format, columns, rawJson }: RowEncoding): RowWriter {
  const cellsOf = cellReader(columns);
  const labels = columns.map(({ column }) => `${JSON.stringify(column)}:`);
  const encode = (row: object): string => {
    const members = cellsOf(row).map((cell, index) => {
      const isDocument = rawJson === true && columns[index]?.isJson === true && isJsonText(cell);
      return `${labels[index]}${isDocument ? lineOf(cell, format) : encodeJsonValue(cell)}`;
    });
    return `{${members.join(',')}}`;
  };
  if (format === 'ndjson') return { start: '', end: '', row: (row) => `${encode(row)}\n` };
  return { start: '[', end: ']\n', row: (row, isFirst) => (isFirst ? encode(row) : `,\n${encode(row)}`) };
}

function isJsonText(cell: unknown): cell is string {
  if (typeof cell !== 'string') return false;
  try {
    JSON.parse(cell);
    return true;
  } catch {
    return false;
  }
}

/** In JSON, line breaks stand only between values. */
function lineOf(document: string, format: ExportFormat): string {
  return format === 'ndjson' ? document.replaceAll(/[\r\n]+/g, ' ') : document;
}

/** Makes a writer of CSV. The CSV library is loaded on first use. Its browser build runs in Node as well. */
async function csvWriter({ columns, noHeader, csvSafe }: RowEncoding): Promise<RowWriter> {
  const csv: { stringify: typeof stringify } = await import('csv-stringify/browser/esm/sync');
  const cellsOf = cellReader(columns);
  const options: Options = {
    record_delimiter: 'windows',
    // RFC 4180 quotes a lone CR or LF too, which the browser build overlooks. `""` tells the empty text from NULL.
    quoted_match: /^$|[\r\n]/u,
    escape_formulas: csvSafe === true,
    // A negative number is not a formula.
    ...(csvSafe === true && {
      cast: { number: (value) => ({ value: String(value), escape_formulas: false }) },
    }),
  };
  const line = (cells: readonly unknown[]): string => csv.stringify([cells], options);
  return {
    start: noHeader === true ? '' : line(columns.map(({ column }) => column)),
    end: '',
    row: (row) =>
      line(cellsOf(row).map((cell) => (cell instanceof Uint8Array ? encodeJsonValue(cell) : cell))),
  };
}

function cellReader(columns: readonly EncodedColumn[]): (row: object) => unknown[] {
  const fields = columns.map(({ field }) => field);
  return (row) => fields.map((field) => (row as Readonly<Record<string, unknown>>)[field]);
}
