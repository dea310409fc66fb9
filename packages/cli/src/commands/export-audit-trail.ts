import { EXPORT_FORMATS } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { AGENT_OPTIONS, agentsOf } from '../agent-selection.ts';
import { choice, optionalCount, path } from '../parameters.ts';
import { CSV_OPTIONS } from '../output/rows.ts';
import { isStandardOutput } from '../output/redirected-output.ts';
import { writeReport } from '../output/reports.ts';
import { quotedIfNeeded } from '../shell/quoted-word.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { PLAIN_FLAG, permitPlainOutput } from './plain-output.ts';

export const exportAuditTrail: Command = defineCommand({
  name: 'db export-audit-trail',
  summary: 'Export the audit trail to a file',
  notes:
    'Prints the path, the number of rows and the size. Only the owner can read the file. With - as OUTPUT_FILE, the ' +
    'rows go to standard output instead. A device or a pipe is written through; a database is never replaced. ' +
    'A file of an encrypted database needs --plain.',
  database: 'existing',
  positionals: {
    format: choice(EXPORT_FORMATS, {
      default: 'json',
      description: 'output format',
      hint: formatHint,
    }),
    output: path({
      placeholder: 'OUTPUT_FILE',
      completes: 'files',
      description: 'file to write (default: ./audit-export-YYYYMMDD-HHMMSS.FORMAT)',
    }),
  },
  options: {
    ...AGENT_OPTIONS,
    days: optionalCount({ description: 'only entries of this many days, counted back from now' }),
    ...CSV_OPTIONS,
    plain: PLAIN_FLAG,
  },
  examples: ['ggen-sim db export-audit-trail json ./audit-export.json', 'ggen-sim db export-audit-trail csv'],
  async run({ output, agent, agentExact, plain, ...options }, context) {
    const agents = agentsOf(agent, agentExact);
    await using database = await context.openDatabase();
    const toStandardOutput = isStandardOutput(output);
    if (!toStandardOutput) await permitPlainOutput(database, plain, context);
    const report = await database.exportAuditTrail({
      ...agents,
      ...omitUndefined({ ...options, output: toStandardOutput ? context.stdout.asStream() : output }),
      ...context.longOperation(),
    });
    context.removeProgressBar();
    if (!toStandardOutput) await writeReport(report, 'json', context);
  },
});

/** Suggests the format of a file that stands in the format's place. */
function formatHint(given: string): string | undefined {
  if (!/[./\\]/u.test(given)) return undefined;
  const format = EXPORT_FORMATS.find((word) => given.toLowerCase().endsWith(`.${word}`)) ?? 'json';
  return `The format comes first: ggen-sim db export-audit-trail ${format} ${quotedIfNeeded(given)}`;
}
