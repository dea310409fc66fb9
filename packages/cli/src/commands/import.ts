import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { EXPORT_FORMATS, type ExportFormat, type TableName } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { choice, flag, optionalChoice, requiredPath } from '../parameters.ts';
import { writeReport } from '../output/reports.ts';
import { TABLE_NAMES_ON_COMMAND_LINE, TABLE_WORDS } from './export.ts';

/** Refused lines that are printed; the report has more. */
const SHOWN_LINES = 10;

/** Files of a backup by the table whose rows they hold. */
const BACKUP_FILES: Readonly<Record<TableName, string>> = {
  receipts: 'receipts.json',
  agent_memory: 'agent_memory.json',
  audit_log: 'audit_log.json',
};

export const importTable: Command = defineCommand({
  name: 'db import',
  summary: 'Import receipts, memory or audit entries from a file',
  notes:
    'Reads what db export and db backup write, or other rows under the names of the columns; compressed input (gzip) is ' +
    'noticed. Rows keep their ids and times, and get what they leave out: an id, the time now, success, version 1, a duration ' +
    'of 0. Each batch of 2,000 rows is one transaction, so Ctrl-C leaves whole batches; with --if-absent the same import goes ' +
    'on from there. A row that breaks a rule or has the id of another one is refused, the others are stored. Prints the ' +
    'numbers of rows and the refused lines, with --dry-run those that there would be. A backup directory is read without its manifest: db restore checks it.',
  database: 'created',
  ownExitCodes: {
    [EXIT_CODES.failed]:
      'lines were refused, and the others are stored unless with --dry-run; or the import failed',
  },
  positionals: {
    table: choice(TABLE_NAMES_ON_COMMAND_LINE, { description: 'rows to import' }),
    file: requiredPath({
      completes: 'files',
      description: 'file or backup directory to read; - reads standard input',
    }),
  },
  options: {
    format: optionalChoice(EXPORT_FORMATS, {
      description: 'input format (default: by the name of the file, or ndjson)',
    }),
    ifAbsent: flag({ description: 'skip rows that are stored already with the same values' }),
    acceptInvalid: flag({
      description: 'store rows as well that db verify would name, such as those of other programs',
    }),
    dryRun: flag({ description: 'only check the rows and count them; store nothing' }),
    noHeader: flag({
      description: 'CSV: the first record is a row, with all columns in the order of the table',
    }),
  },
  examples: [
    'ggen-sim db import receipts receipts.ndjson --if-absent --dry-run',
    'ggen-sim db import receipts receipts.ndjson --if-absent',
    'ggen-sim db export audit ndjson - --db old.db | ggen-sim db import audit - --db new.db',
    'ggen-sim db import memory backups/2026-01-29',
  ],
  async run({ table, file, format, ifAbsent, acceptInvalid, dryRun, noHeader }, context) {
    const name = TABLE_WORDS[table];
    const isFolder = file !== '-' && statSync(file).isDirectory();
    const path = isFolder ? join(file, BACKUP_FILES[name]) : file;
    // A missing file is reported before a database is created.
    if (isFolder) statSync(path);
    await using database = await (dryRun ? context.openForDryRun() : context.openDatabase());
    const source = file === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1024 * 1024 });
    const report = await database.importRows({
      table: name,
      input: Readable.toWeb(source) as ReadableStream<Uint8Array>,
      format: format ?? formatOf(path),
      ifAbsent,
      acceptInvalid,
      dryRun,
      noHeader,
      ...context.longOperation(),
    });
    context.removeProgressBar();
    await writeReport({ ...report, ...(dryRun && { dryRun }) }, 'json', context);
    if (report.refused === 0) return EXIT_CODES.ok;
    for (const { line, reason } of report.refusedLines.slice(0, SHOWN_LINES)) {
      context.printNotice(`line ${line}: ${reason}`);
    }
    if (report.refused > SHOWN_LINES) context.printNotice(`and ${report.refused - SHOWN_LINES} more lines`);
    return EXIT_CODES.failed;
  },
});

/** Tells the format by the name of a file, which may end with `.gz`. */
function formatOf(path: string): ExportFormat {
  const name = path.toLowerCase().replace(/\.gz$/u, '');
  if (name.endsWith('.csv')) return 'csv';
  return name.endsWith('.json') ? 'json' : 'ndjson';
}
