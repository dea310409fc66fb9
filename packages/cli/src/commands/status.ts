import { defineCommand, type Command } from '../command.ts';
import { workspacePath } from '../locations.ts';
import { reportFormat, writeReport } from '../output/reports.ts';

export const status: Command = defineCommand({
  name: 'status',
  summary: 'Show path, counts, size and locks of the database',
  database: 'existing',
  positionals: {},
  options: { format: reportFormat() },
  examples: ['ggen-sim status --format table', "ggen-sim status | jq -r '.path'"],
  async run({ format }, context) {
    await using database = await context.openDatabase();
    const report = {
      workspace: workspacePath(context.locations),
      ...(await database.info()),
      ...(await database.stats()),
    };
    await writeReport(report, format, context);
  },
});
