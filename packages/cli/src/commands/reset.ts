import { defineCommand, type Command } from '../command.ts';
import { UsageError } from '../failures.ts';
import { toggle } from '../parameters.ts';

export const reset: Command = defineCommand({
  name: 'db reset',
  summary: 'Delete every receipt, memory and audit entry',
  notes: 'It cannot be undone; take a backup first. Without --force it is refused.',
  usesDatabase: true,
  positionals: {},
  flags: { force: toggle({ description: 'yes, delete everything' }) },
  examples: ['ggen-sim db backup ./backup-before-reset && ggen-sim db reset --force'],
  async run({ force }, context) {
    if (!force)
      throw new UsageError('This would delete everything', "Take a backup, then say 'db reset --force'");
    await using database = await context.openDatabase();
    await database.reset();
    context.notice(`Deleted everything in ${context.databasePath}`);
  },
});
