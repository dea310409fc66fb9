import { defineCommand, type Command } from '../command.ts';
import { UsageError } from '../failures.ts';
import { reportJson, writeReport } from '../output/reports.ts';
import { choice, optionalChoice, optionalText } from '../parameters.ts';
import { RECORD_KINDS, recordOf } from '../record-selection.ts';

export const hold: Command = defineCommand({
  name: 'db hold',
  summary: 'Hold records, so that nothing deletes them, or list the holds',
  notes:
    'A record that is held is not deleted by db delete, db cleanup, db retention or db reset, nor redacted, until the hold is ' +
    'removed. Saves go on. Holds are kept by backups, and a restore keeps those that the database has. The change log notes ' +
    'them, so that db verify finds one that another program removed.',
  database: 'existing',
  positionals: {
    action: choice(['add', 'remove', 'list'], { description: 'what to do' }),
    kind: optionalChoice(RECORD_KINDS, { description: 'what to hold' }),
    id: optionalText({ description: 'id of the receipt or the audit entry, or of the agent of the memory' }),
  },
  options: {
    reason: optionalText({ placeholder: 'TEXT', description: 'add: why it is held' }),
  },
  examples: [
    'ggen-sim db hold add receipt "$receipt_id" --reason "audit of 2026"',
    'ggen-sim db hold list',
    'ggen-sim db hold remove receipt "$receipt_id"',
  ],
  async run({ action, kind, id, reason }, context) {
    if (action === 'list') {
      if (kind !== undefined) throw new UsageError('db hold list takes no record');
      await using database = await context.openDatabase();
      await context.stdout.writeLine(reportJson(await database.listHolds()));
      return;
    }
    if (kind === undefined || id === undefined) {
      throw new UsageError(
        `db hold ${action} needs KIND and ID`,
        `Give ${RECORD_KINDS.join(', ')} and its id`,
      );
    }
    if (action === 'remove') {
      await using database = await context.openDatabase();
      await database.removeHold(recordOf(kind, id));
      return;
    }
    if (reason === undefined)
      throw new UsageError('db hold add needs --reason', 'Say why the record is held');
    await using database = await context.openDatabase();
    await writeReport(await database.addHold({ ...recordOf(kind, id), reason }), 'json', context);
  },
});
