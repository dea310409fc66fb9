import { defineCommand, type Command } from '../command.ts';
import { writeReport } from '../output/reports.ts';
import { flag, requiredText } from '../parameters.ts';
import { recordOf, recordParameters } from '../record-selection.ts';
import { NOT_LOGGED } from './delete.ts';

export const redact: Command = defineCommand({
  name: 'db redact',
  summary: 'Replace the content of one record by its hash, with a reason',
  notes:
    'Replaces the JSON of a receipt, the JSON of a memory and of its earlier versions, or the details and the error message ' +
    'of an audit entry by {"redacted":{"sha256":…,"size_bytes":…}}. Everything else of the record stays, so it is found as ' +
    'before. The change log keeps the time and the reason, and db verify accepts what it names. A record that is held is ' +
    'refused (db hold). Bytes in the file are overwritten; --vacuum writes the whole file again, so that no copy is left in ' +
    'its free room either. This cannot be undone. Short content can be found from its hash by trying.',
  database: 'existing',
  positionals: recordParameters('redact'),
  options: {
    reason: requiredText({ placeholder: 'TEXT', description: 'why, for the change log' }),
    vacuum: flag({ description: 'write the whole file again afterwards (VACUUM)' }),
  },
  examples: ['ggen-sim db redact memory agent-validator --reason "personal data"'],
  async run({ kind, id, ...options }, context) {
    await using database = await context.openDatabase();
    const report = await database.redactRecord({
      ...recordOf(kind, id),
      ...options,
      ...context.longOperation(),
    });
    context.removeProgressBar();
    await writeReport(report, 'json', context);
    const isChanged = report.valuesRedacted + report.versionsRedacted > 0;
    if (!isChanged) context.printNotice('Nothing was left to redact');
    else if (report.seq === null) context.printNotice(NOT_LOGGED);
  },
});
