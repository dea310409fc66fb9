/** Output of query results in the requested format. */
import { EXPORT_FORMATS, type ExportFormat, type RowOrder, type TableName } from '@ggen-sim/core';
import type { CommandContext } from '../command-context.ts';
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

/** The option that reverses the order of a query. */
export const ORDER_OPTION: Readonly<Record<'oldestFirst', Parameter<boolean>>> = {
  oldestFirst: flag({ description: 'oldest rows first' }),
};

/** Converts `--oldest-first` to the order of a query. */
export function orderOf(oldestFirst: boolean): RowOrder {
  return oldestFirst ? 'oldest-first' : 'newest-first';
}

/** Options of CSV output. */
export type CsvOptions = Readonly<Record<'noHeader' | 'csvSafe', Parameter<boolean>>>;

/** The options of CSV output, for every command that writes it. */
export const CSV_OPTIONS: CsvOptions = {
  noHeader: flag({ description: 'leave out the CSV header row' }),
  csvSafe: flag({ description: "put ' before CSV cells that a spreadsheet would run as formulas" }),
};

/** Format and columns of a query's output. */
export interface RowOutput<Row extends object = object> {
  readonly format: RowFormat;
  readonly noHeader: boolean;
  readonly csvSafe: boolean;
  /** Table that the rows come from. Every format but `table` has all of its columns. */
  readonly table: TableName;
  /** Fields shown in the format `table`, the most important first. */
  readonly tableFields: readonly string[];
  /** Makes the cell of a field in the format `table`, where it shows more than the stored value. */
  readonly tableCells?: Readonly<Record<string, (row: Row) => unknown>>;
}

/** Writes rows as they arrive. The format `table` collects the first ones, to compute the column widths. */
export async function writeRows<Row extends object>(
  rows: AsyncIterable<Row>,
  output: RowOutput<Row>,
  context: CommandContext,
): Promise<void> {
  const { format, noHeader, csvSafe, table } = output;
  if (format === 'table') {
    await writeTable(rows, output, context);
    return;
  }
  const { columnsOfTable, encodeRows } = await import('@ggen-sim/core');
  const encoding = { format, noHeader, csvSafe, columns: columnsOfTable(table) };
  for await (const chunk of encodeRows(rows, encoding)) await context.stdout.write(chunk);
}

async function writeTable<Row extends object>(
  rows: AsyncIterable<Row>,
  { tableFields: fields, tableCells = {} }: RowOutput<Row>,
  context: CommandContext,
): Promise<void> {
  const { Table } = await import('./table.ts');
  const first: unknown[][] = [];
  let table: InstanceType<typeof Table> | undefined;
  let pending = '';
  const begin = (): InstanceType<typeof Table> => {
    const begun = new Table(fields.map(snakeCase), first, context.terminal);
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
