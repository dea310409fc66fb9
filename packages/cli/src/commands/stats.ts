import { defineCommand, type Command } from '../command.ts';
import { reportFormat, writeReport } from '../output/reports.ts';

export const stats: Command = defineCommand({
  name: 'db stats',
  summary: 'Show row counts and size of the database',
  notes: 'Creates the database if it does not exist.',
  database: 'created',
  positionals: {},
  options: { format: reportFormat() },
  examples: ["ggen-sim db stats | jq '.receipts_total'", 'ggen-sim db stats --format table'],
  async run({ format }, context) {
    await using database = await context.openDatabase('brief');
    await writeReport(await database.stats(), format, context);
  },
});
