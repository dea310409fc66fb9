/** Output of query results in the requested format. */
import { EXPORT_FORMATS, type ExportFormat, type RowOrder, type TableName } from '@ggen-sim/core';
import type { CommandContext } from '../command-context.ts';
import { choice, flag, type Parameter } from '../parameters.ts';
import { snakeCase } from '../letter-case.ts';

/** Format of rows. */
export type RowFormat = ExportFormat | 'table';

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
export interface RowOutput {
  readonly format: RowFormat;
  readonly noHeader: boolean;
  readonly csvSafe: boolean;
  /** Table that the rows come from. Every format but `table` has all of its columns. */
  readonly table: TableName;
  /** Fields shown in the format `table`, the most important first. */
  readonly tableFields: readonly string[];
}

/** Writes rows as they arrive. Only the format `table` collects them all first, to compute the column widths. */
export async function writeRows(
  rows: AsyncIterable<object>,
  output: RowOutput,
  context: CommandContext,
): Promise<void> {
  const { format, noHeader, csvSafe, table, tableFields } = output;
  if (format === 'table') {
    await writeTable(rows, tableFields, context);
    return;
  }
  const { columnsOfTable, encodeRows } = await import('@ggen-sim/core');
  const encoding = { format, noHeader, csvSafe, columns: columnsOfTable(table) };
  for await (const chunk of encodeRows(rows, encoding)) await context.stdout.write(chunk);
}

async function writeTable(
  rows: AsyncIterable<object>,
  fields: readonly string[],
  context: CommandContext,
): Promise<void> {
  const cells: unknown[][] = [];
  for await (const row of rows) {
    const values = new Map<string, unknown>(Object.entries(row));
    cells.push(fields.map((field) => values.get(field)));
  }
  if (cells.length === 0) {
    context.printNotice('No rows.');
    return;
  }
  const { renderTable } = await import('./table.ts');
  const { text, hidden } = renderTable(fields.map(snakeCase), cells, context.terminal);
  await context.stdout.writeSafe(text);
  if (hidden.length > 0) context.printNotice(`Columns that do not fit the terminal: ${hidden.join(', ')}`);
}
