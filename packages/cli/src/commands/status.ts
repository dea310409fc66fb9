import { defineCommand, type Command } from '../command.ts';
import { workspacePath } from '../locations.ts';
import { reportFormat, writeReport } from '../output/reports.ts';

export const status: Command = defineCommand({
  name: 'status',
  summary: 'Where the database is and how it is doing',
  notes: 'Path, schema version, counts, size, storage, locks. Makes the database if there is none.',
  usesDatabase: true,
  positionals: {},
  flags: { format: reportFormat() },
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
