import { defineCommand, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailure } from '../failures.ts';
import { writeReport } from '../output/reports.ts';

export const verify: Command = defineCommand({
  name: 'db verify',
  summary: 'Check integrity, schema, indexes and every receipt id',
  notes: 'Prints the report either way; the first bad row is named on stderr as well.',
  usesDatabase: true,
  positionals: {},
  flags: {},
  ownExitCodes: { [exitCodes.failed]: 'something is wrong with the database' },
  examples: ['ggen-sim db verify', "ggen-sim db verify | jq '.problems'"],
  async run(_, context) {
    await using database = await context.openDatabase();
    const report = await database.verify(context.longOperation());
    context.end();
    await writeReport(report, 'json', context);
    if (report.ok) return;
    const [first] = report.problems;
    const where = first?.row === null || first?.row === undefined ? '' : ` (${first.row})`;
    throw new CommandFailure(
      'CORRUPT',
      `${first?.check ?? 'verify'}${where}: ${first?.message ?? 'not ok'}`,
      {
        hint: "Restore a backup with 'ggen-sim db restore DIR --force'",
      },
    );
  },
});
