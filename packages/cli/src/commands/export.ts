import { EXPORT_FORMATS, type TableName } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { AGENT_OPTIONS } from '../agent-selection.ts';
import { UsageError } from '../failures.ts';
import { kebabCase } from '../letter-case.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { PLAIN_FLAG, permitPlainOutput } from './plain-output.ts';
import { choice, flag, optionalCount, path } from '../parameters.ts';
import { CSV_OPTIONS, RAW_OPTION, refuseRaw } from '../output/rows.ts';
import { isStandardOutput } from '../output/redirected-output.ts';
import { writeReport } from '../output/reports.ts';
import { AUDIT_FILTERS, filtersOf, ORDER_OPTIONS, orderOf, RECEIPT_FILTERS } from '../row-filters.ts';

/** Tables by the words that name them on the command line. */
export const TABLE_WORDS: Readonly<Record<'receipts' | 'memory' | 'audit', TableName>> = {
  receipts: 'receipts',
  memory: 'agent_memory',
  audit: 'audit_log',
};

/** Words that name tables, in the order of the help. */
export const TABLE_NAMES_ON_COMMAND_LINE: readonly (keyof typeof TABLE_WORDS)[] = [
  'receipts',
  'memory',
  'audit',
];

export const exportTable: Command = defineCommand({
  name: 'db export',
  summary: 'Export receipts, memory or audit entries to a file',
  notes:
    'Prints the path, the number of rows and the size. Only the owner can read the file. With - as OUTPUT_FILE, the ' +
    'rows go to standard output instead. A device or a pipe is written through; a database is never replaced. A file of an encrypted database needs --plain. ' +
    'db import reads what this command writes: in ndjson and json every value is exact.',
  database: 'existing',
  positionals: {
    table: choice(TABLE_NAMES_ON_COMMAND_LINE, { description: 'rows to export' }),
    format: choice(EXPORT_FORMATS, { default: 'ndjson', description: 'output format' }),
    output: path({
      placeholder: 'OUTPUT_FILE',
      completes: 'files',
      description: 'file to write (default: ./TABLE-export-YYYYMMDD-HHMMSS.FORMAT)',
    }),
  },
  options: {
    gzip: flag({ description: 'compress the output (gzip)' }),
    ...AGENT_OPTIONS,
    days: optionalCount({ description: 'audit: only entries of this many days, counted back from now' }),
    ...RECEIPT_FILTERS,
    ...AUDIT_FILTERS,
    ...ORDER_OPTIONS,
    ...RAW_OPTION,
    ...CSV_OPTIONS,
    plain: PLAIN_FLAG,
  },
  exclusive: [['order', 'oldestFirst']],
  examples: [
    'ggen-sim db export receipts',
    "ggen-sim db export receipts csv errors.csv --status error --since 2026-01-01 --where '$.files_generated > 10'",
    'ggen-sim db export audit ndjson - --oldest-first | jq -c .operation',
    'ggen-sim db export memory json memory.json.gz --gzip',
  ],
  async run(
    { table, format, output, gzip, order, oldestFirst, raw, noHeader, csvSafe, plain, ...values },
    context,
  ) {
    refuseRaw(raw, format);
    if (table !== 'audit' && values.days !== undefined) refuse('days', table);
    for (const option of ['status', 'agentType', 'execution', 'operation', 'operationType'] as const) {
      if (values[option] !== undefined && !FILTERS[table].includes(option)) refuse(option, table);
    }
    const filters = filtersOf(values);
    await using database = await context.openDatabase();
    const toStandardOutput = isStandardOutput(output);
    if (!toStandardOutput) await permitPlainOutput(database, plain, context);
    const report = await database.exportRows({
      table: TABLE_WORDS[table],
      ...filters,
      order: orderOf(order, oldestFirst),
      ...omitUndefined({ output: toStandardOutput ? context.stdout.asStream() : output }),
      format,
      gzip,
      noHeader,
      csvSafe,
      rawJson: raw,
      ...context.longOperation(),
    });
    context.removeProgressBar();
    if (!toStandardOutput) await writeReport(report, 'json', context);
  },
});

/** Filters that each table has a column for, beyond those of all tables. */
const FILTERS: Readonly<Record<keyof typeof TABLE_WORDS, readonly string[]>> = {
  receipts: ['status', 'agentType', 'execution'],
  memory: ['agentType'],
  audit: ['status', 'operation', 'operationType'],
};

function refuse(option: string, table: string): never {
  throw new UsageError(`--${kebabCase(option)} is no filter of ${table}`, 'See ggen-sim db export --help');
}
