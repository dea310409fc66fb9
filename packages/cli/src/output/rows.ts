/** Rows of a query on standard output, in the format the person asked for. */
import type { RowOrder, TableName } from '@ggen-sim/core';
import type { CommandContext } from '../command-context.ts';
import { choice, toggle, type Input } from '../parameters.ts';
import { snakeCase } from '../letter-case.ts';

const rowFormats = ['json', 'ndjson', 'csv', 'table'] as const;

/** How rows are written. */
export type RowFormat = (typeof rowFormats)[number];

/** The input every query takes. */
export function rowFormat(): Input<RowFormat> {
  return choice(rowFormats, { default: 'json', description: 'how rows are written' });
}

/** The flag that turns a query's order round. */
export const orderFlag: Readonly<Record<'oldestFirst', Input<boolean>>> = {
  oldestFirst: toggle({ description: 'begin with the oldest' }),
};

/** The order a query is asked for. */
export function orderOf(oldestFirst: boolean): RowOrder {
  return oldestFirst ? 'oldest-first' : 'newest-first';
}

/** The flags that shape CSV. */
export type CsvFlags = Readonly<Record<'noHeader' | 'csvSafe', Input<boolean>>>;

/** The flags that shape CSV, for every command that writes it. */
export const csvFlags: CsvFlags = {
  noHeader: toggle({ description: 'CSV without the header row' }),
  csvSafe: toggle({ description: "CSV with ' before cells that a spreadsheet would run as formulas" }),
};

/** How a query's rows are to be written. */
export interface RowOutput {
  readonly format: RowFormat;
  readonly noHeader: boolean;
  readonly csvSafe: boolean;
  /** Where the rows come from: machines get every column of it. */
  readonly table: TableName;
  /** What a person gets: the fields worth a look. */
  readonly tableFields: readonly string[];
}

/** Writes rows as they come; only the table is built whole, because its columns must know their widths. */
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
    context.notice('No rows.');
    return;
  }
  const { renderTable } = await import('./table.ts');
  const { text, hidden } = renderTable(fields.map(snakeCase), cells, context.terminal);
  await context.stdout.show(text);
  if (hidden.length > 0) context.notice(`Not shown, for want of room: ${hidden.join(', ')}`);
}
