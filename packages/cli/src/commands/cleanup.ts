import { defineCommand, type Command } from '../command.ts';
import { count, flag } from '../parameters.ts';
import { writeReport } from '../output/reports.ts';

export const cleanup: Command = defineCommand({
  name: 'db cleanup',
  summary: 'Delete old receipts and audit entries',
  notes: 'Shrinks the file afterwards. Agent memory is never deleted. Prints what was deleted.',
  database: 'existing',
  positionals: {
    days: count({ default: 90, description: 'delete rows older than this many days' }),
  },
  options: { dryRun: flag({ description: 'only count; delete nothing' }) },
  examples: ['ggen-sim db cleanup 30 --dry-run', 'ggen-sim db cleanup 90'],
  async run(options, context) {
    await using database = await context.openDatabase();
    const report = await database.cleanup({ ...options, ...context.longOperation() });
    context.removeProgressBar();
    await writeReport(report, 'json', context);
  },
});
