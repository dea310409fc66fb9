import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure } from '../failures.ts';
import { writeReport } from '../output/reports.ts';

export const verify: Command = defineCommand({
  name: 'db verify',
  summary: 'Check integrity, schema, indexes and every receipt id',
  notes:
    'Prints a report whether or not problems are found: every problem, at most the first 100 of each check, and their number. The first one also goes to stderr.',
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
    const more = report.problemCount - 1;
    const location = first?.row === null || first?.row === undefined ? '' : ` (${first.row})`;
    throw new CommandFailure(
      'CORRUPT',
      `${first?.check ?? 'verify'}${location}: ${first?.message ?? 'not ok'}`,
      {
        hint: `${more === 0 ? '' : `${more} more in the report. `}Restore a backup with 'ggen-sim db restore BACKUP_DIR --force'`,
      },
    );
  },
});
