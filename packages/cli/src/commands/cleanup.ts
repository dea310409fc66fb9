import { defineCommand, type Command } from '../command.ts';
import { count, toggle } from '../parameters.ts';
import { writeReport } from '../output/reports.ts';

export const cleanup: Command = defineCommand({
  name: 'db cleanup',
  summary: 'Delete old receipts and audit entries, then give the room back',
  notes: 'Memory is never deleted. What was deleted is printed.',
  usesDatabase: true,
  positionals: {
    days: count({ default: 90, description: 'entries older than this many days go' }),
  },
  flags: { dryRun: toggle({ description: 'count only, delete nothing' }) },
  examples: ['ggen-sim db cleanup 30 --dry-run', 'ggen-sim db cleanup 90'],
  async run(options, context) {
    await using database = await context.openDatabase();
    const report = await database.cleanup({ ...options, ...context.longOperation() });
    context.end();
    await writeReport(report, 'json', context);
  },
});
