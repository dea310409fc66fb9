import { defineCommand, type Command } from '../command.ts';
import { UsageError } from '../failures.ts';
import { flag } from '../parameters.ts';

export const reset: Command = defineCommand({
  name: 'db reset',
  summary: 'Delete all receipts, agent memory and audit entries',
  notes: 'This cannot be undone, so make a backup first. Requires --force.',
  database: 'existing',
  positionals: {},
  options: { force: flag({ description: 'confirm that everything is to be deleted' }) },
  examples: ['ggen-sim db backup ./backup-before-reset && ggen-sim db reset --force'],
  async run({ force }, context) {
    if (!force)
      throw new UsageError(
        'This would delete everything',
        "Make a backup, then run 'ggen-sim db reset --force'",
      );
    await using database = await context.openDatabase();
    await database.reset();
    context.printNotice(`Deleted everything in ${context.databasePath}`);
  },
});
