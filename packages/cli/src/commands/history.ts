import { defineCommand, type Command } from '../command.ts';
import { choice } from '../parameters.ts';
import { reportFormat, writeReport } from '../output/reports.ts';

export const history: Command = defineCommand({
  name: 'db history',
  summary: 'Show the state of the change log, or enable it',
  notes:
    'New databases have a change log: an entry with a hash for every row that this program saves, entries for the rows that ' +
    'other programs insert (one for all of very many or very large ones, without hashes), and the earlier versions of memory. ' +
    'A database that was created without it gets it by enable, in one transaction, with an entry for each row that it holds. ' +
    'Earlier versions of memory grow without limit: each save keeps the whole version that it replaces. A cleanup ' +
    'removes none of them, db reset does; start --no-change-log creates a database without a change log. db tail prints the ' +
    'entries as events.',
  database: 'existing',
  positionals: {
    action: choice(['status', 'enable'], { default: 'status', description: 'what to do' }),
  },
  options: { format: reportFormat() },
  examples: ['ggen-sim db history', 'ggen-sim db history enable'],
  async run({ action, format }, context) {
    await using database = await context.openDatabase();
    const status =
      action === 'enable'
        ? await database.enableHistory(context.longOperation())
        : await database.historyStatus();
    context.removeProgressBar();
    await writeReport(status, format, context);
  },
});
