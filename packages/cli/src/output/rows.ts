/** Output of query results in the requested format. */
import {
  EXPORT_FORMATS,
  type EncodedColumn,
  type ExportFormat,
  type Rows,
  type TableName,
} from '@ggen-sim/core';
import type { CommandContext } from '../command-context.ts';
import { UsageError } from '../failures.ts';
import { choice, flag, type Parameter } from '../parameters.ts';
import { snakeCase } from '../letter-case.ts';

/** Format of rows. */
export type RowFormat = ExportFormat | 'table';

/** Rows that decide the column widths of a table. Keeping all rows would need memory for the whole result. */
const SAMPLE_ROWS = 1000;

/** Size of the text that is written at once. */
const CHUNK_CHARS = 64 * 1024;

const ROW_FORMATS: readonly RowFormat[] = [...EXPORT_FORMATS, 'table'];

/** Makes the FORMAT parameter of a query. */
export function rowFormat(): Parameter<RowFormat> {
  return choice(ROW_FORMATS, { default: 'json', description: 'output format' });
}

/** Options of CSV output. */
export type CsvOptions = Readonly<Record<'noHeader' | 'csvSafe', Parameter<boolean>>>;

/** The options of CSV output, for every command that writes it. */
export const CSV_OPTIONS: CsvOptions = {
  noHeader: flag({ description: 'leave out the CSV header row' }),
  csvSafe: flag({ description: "put ' before CSV cells that a spreadsheet would run as formulas" }),
};

/** The option that writes stored JSON as JSON, for every command that writes it. */
export const RAW_OPTION: Readonly<Record<'raw', Parameter<boolean>>> = {
  raw: flag({ description: 'JSON, NDJSON: write the stored JSON as JSON, not as a string that holds it' }),
};

/** @throws {UsageError} when a format has no JSON inside */
export function refuseRaw(raw: boolean, format: RowFormat): void {
  if (raw && format !== 'json' && format !== 'ndjson') {
    throw new UsageError(
      `--raw needs the format json or ndjson, not ${format}`,
      'CSV and tables have cells of text',
    );
  }
}

/** Format and columns of a query's output. */
export interface RowOutput<Row extends object = object> {
  readonly format: RowFormat;
  readonly noHeader: boolean;
  readonly csvSafe: boolean;
  /** @default false */
  readonly raw?: boolean;
  /** Print the cursor beside the rows. @default false */
  readonly withCursor?: boolean;
  /** Table that the rows come from. Every format but `table` has all of its columns. */
  readonly table: TableName;
  /** Fields shown in the format `table`, the most important first. */
  readonly tableFields: readonly string[];
  /** Makes the cell of a field in the format `table`, where it shows more than the stored value. */
  readonly tableCells?: Readonly<Record<string, (row: Row) => unknown>>;
}

/** Writes rows as they arrive. The format `table` collects the first ones, to compute the column widths. */
export async function writeRows<Row extends object>(
  rows: Rows<Row>,
  output: RowOutput<Row>,
  context: CommandContext,
): Promise<void> {
  const { format, noHeader, csvSafe, table, raw = false, withCursor = false } = output;
  refuseRaw(raw, format);
  if (withCursor && format !== 'json') {
    throw new UsageError(
      `--with-cursor needs the format json, not ${format}`,
      'Other formats have rows only',
    );
  }
  if (format === 'table') {
    await writeTable(rows, output, context);
    return;
  }
  const { columnsOfTable, encodeRows } = await import('@ggen-sim/core');
  const encoding = { format, noHeader, csvSafe, rawJson: raw, columns: columnsOfTable(table) };
  if (!withCursor) {
    for await (const chunk of encodeRows(rows, encoding)) await context.stdout.write(chunk);
    return;
  }
  const { rows: first, nextCursor } = await rows.withCursor();
  await context.stdout.write('{"rows":');
  for await (const chunk of encodeRows(listed(first), encoding)) await context.stdout.write(chunk);
  await context.stdout.write(`,"next_cursor":${JSON.stringify(nextCursor)}}\n`);
}

async function* listed<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}

/** Writes rows that are of no table, under the names of their columns. */
export async function writeColumns(
  rows: readonly object[],
  columns: readonly EncodedColumn[],
  { format, ...csv }: Pick<RowOutput, 'format' | 'noHeader' | 'csvSafe'>,
  context: CommandContext,
): Promise<void> {
  if (format === 'table') {
    const headings = columns.map(({ column }) => column);
    await writeTable(listed(rows), { headings, tableFields: columns.map(({ field }) => field) }, context);
    return;
  }
  const { encodeRows } = await import('@ggen-sim/core');
  for await (const chunk of encodeRows(listed(rows), { format, ...csv, columns }))
    await context.stdout.write(chunk);
}

async function writeTable<Row extends object>(
  rows: AsyncIterable<Row>,
  {
    tableFields: fields,
    tableCells = {},
    headings = fields.map(snakeCase),
  }: Pick<RowOutput<Row>, 'tableFields' | 'tableCells'> & { readonly headings?: readonly string[] },
  context: CommandContext,
): Promise<void> {
  const { Table } = await import('./table.ts');
  const first: unknown[][] = [];
  let table: InstanceType<typeof Table> | undefined;
  let pending = '';
  const begin = (): InstanceType<typeof Table> => {
    const begun = new Table(headings, first, context.terminal);
    pending = begun.head() + first.map((cells) => begun.row(cells)).join('');
    return begun;
  };
  for await (const row of rows) {
    const values = new Map<string, unknown>(Object.entries(row));
    const cells = fields.map((field) => tableCells[field]?.(row) ?? values.get(field));
    if (table) pending += table.row(cells);
    else if (first.push(cells) === SAMPLE_ROWS) table = begin();
    if (pending.length < CHUNK_CHARS) continue;
    await context.stdout.writeSafe(pending);
    pending = '';
  }
  if (first.length === 0) {
    context.printNotice('No rows.');
    return;
  }
  table ??= begin();
  await context.stdout.writeSafe(pending);
  const { hidden } = table;
  if (hidden.length > 0) context.printNotice(`Columns that do not fit the terminal: ${hidden.join(', ')}`);
}
