import { defineCommand, type Command } from '../command.ts';
import { count, flag } from '../parameters.ts';
import { writeReport } from '../output/reports.ts';

/** Free room that is worth a notice. */
const NOTED_FREE_BYTES = 64 * 1024 ** 2;

export const cleanup: Command = defineCommand({
  name: 'db cleanup',
  summary: 'Delete old receipts and audit entries',
  notes:
    'Agent memory is never deleted. Prints what was deleted. Rows are deleted in batches, and other programs save in between; ' +
    'a cleanup that is stopped keeps what it deleted. The file shrinks where that is quick or worth it; other ' +
    'free room is used by later rows. VACUUM writes the whole file again, and other programs wait meanwhile.',
  database: 'existing',
  positionals: {
    days: count({ default: 90, description: 'delete rows older than this many days' }),
  },
  options: {
    dryRun: flag({ description: 'only count; delete nothing' }),
    vacuum: flag({ description: 'shrink the file in any case (VACUUM)' }),
    noVacuum: flag({ description: 'leave the file as large as it is' }),
  },
  exclusive: [
    ['vacuum', 'noVacuum'],
    ['dryRun', 'vacuum'],
  ],
  examples: ['ggen-sim db cleanup 30 --dry-run', 'ggen-sim db cleanup 90', 'ggen-sim db cleanup 90 --vacuum'],
  async run({ vacuum, noVacuum, ...options }, context) {
    await using database = await context.openDatabase();
    const report = await database.cleanup({
      ...options,
      ...(vacuum || noVacuum ? { vacuum } : {}),
      ...context.longOperation(),
    });
    context.removeProgressBar();
    await writeReport(report, 'json', context);
    if (report.freeBytes >= NOTED_FREE_BYTES && !noVacuum && !options.dryRun) {
      const mebibytes = Math.floor(report.freeBytes / 1024 ** 2);
      context.printNotice(`${mebibytes} MiB of the file are free for later rows; --vacuum gives them back`);
    }
  },
});
