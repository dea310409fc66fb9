import { defineCommand, type Command } from '../command.ts';
import { writeReport } from '../output/reports.ts';
import { flag, requiredText } from '../parameters.ts';
import { recordOf, recordParameters } from '../record-selection.ts';

/** Notice for a database without a change log. */
export const NOT_LOGGED =
  "The database has no change log, so nothing will show this ('ggen-sim db history enable')";

export const deleteRecord: Command = defineCommand({
  name: 'db delete',
  summary: 'Delete one receipt, memory or audit entry, with a reason',
  notes:
    'The change log keeps the hash of the record, the time and the reason, so that earlier proofs and checkpoints go on to ' +
    'hold, and db verify says that it was deleted. Earlier versions of a memory are redacted. A record that is held is ' +
    'refused (db hold). Its bytes in the file are overwritten; --vacuum writes the whole file again, so that no copy is left ' +
    'in its free room either. This cannot be undone.',
  database: 'existing',
  positionals: recordParameters('delete'),
  options: {
    reason: requiredText({ placeholder: 'TEXT', description: 'why, for the change log' }),
    vacuum: flag({ description: 'write the whole file again afterwards (VACUUM)' }),
  },
  examples: ['ggen-sim db delete receipt "$receipt_id" --reason "customer asked for it"'],
  async run({ kind, id, ...options }, context) {
    await using database = await context.openDatabase();
    const report = await database.deleteRecord({
      ...recordOf(kind, id),
      ...options,
      ...context.longOperation(),
    });
    context.removeProgressBar();
    await writeReport(report, 'json', context);
    if (report.seq === null) context.printNotice(NOT_LOGGED);
  },
});
