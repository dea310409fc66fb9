import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure } from '../failures.ts';
import { writeReport } from '../output/reports.ts';

export const verify: Command = defineCommand({
  name: 'db verify',
  summary: 'Check integrity, schema, indexes and every receipt id',
  notes: 'Prints a report whether or not problems are found. The first problem also goes to stderr.',
  database: 'existing',
  positionals: {},
  options: {},
  ownExitCodes: { [EXIT_CODES.failed]: 'the database has a problem' },
  examples: ['ggen-sim db verify', "ggen-sim db verify | jq '.problems'"],
  async run(_, context) {
    await using database = await context.openDatabase();
    const report = await database.verify(context.longOperation());
    context.removeProgressBar();
    await writeReport(report, 'json', context);
    if (report.ok) return;
    const [first] = report.problems;
    const location = first?.row === null || first?.row === undefined ? '' : ` (${first.row})`;
    throw new CommandFailure(
      'CORRUPT',
      `${first?.check ?? 'verify'}${location}: ${first?.message ?? 'not ok'}`,
      {
        hint: "Restore a backup with 'ggen-sim db restore BACKUP_DIR --force'",
      },
    );
  },
});
