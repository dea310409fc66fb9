import type { ExportFormat } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { choice, optionalCount, optionalText, path } from '../parameters.ts';
import { csvFlags } from '../output/rows.ts';
import { writeReport } from '../output/reports.ts';
import { omitUndefined } from '../omit-undefined.ts';

const exportFormats: readonly ExportFormat[] = ['json', 'ndjson', 'csv'];

export const exportAuditTrail: Command = defineCommand({
  name: 'db export-audit-trail',
  summary: 'The whole audit trail into a file',
  notes:
    'Its path and what was written are printed. The file is readable by its owner only. OUTPUT_FILE - writes to ' +
    'standard output instead.',
  usesDatabase: true,
  positionals: {
    format: choice<ExportFormat>(exportFormats, {
      default: 'json',
      description: 'how entries are written',
      hint: (given) => `The format comes first: ggen-sim db export-audit-trail json ${given}`,
    }),
    output: path({
      placeholder: 'OUTPUT_FILE',
      completes: 'files',
      description: 'where to (default: ./audit-export-YYYYMMDD-HHMMSS.FORMAT)',
    }),
  },
  flags: {
    agent: optionalText({ placeholder: 'PATTERN', description: 'only these agents, as an SQL LIKE pattern' }),
    days: optionalCount({ description: 'only the entries of the last so many days' }),
    ...csvFlags,
  },
  examples: ['ggen-sim db export-audit-trail json ./audit-export.json', 'ggen-sim db export-audit-trail csv'],
  async run({ output, ...options }, context) {
    await using database = await context.openDatabase();
    const toStandardOutput = output === '-';
    const report = await database.exportAuditTrail({
      ...omitUndefined({ ...options, output: toStandardOutput ? context.stdout.asStream() : output }),
      ...context.longOperation(),
    });
    context.end();
    if (!toStandardOutput) await writeReport(report, 'json', context);
  },
});
