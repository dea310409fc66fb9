import { defineCommand, type Command } from '../command.ts';
import { flag, optionalChoice, requiredPath } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { writeReport } from '../output/reports.ts';

const SOURCES = ['image', 'json'] as const;

export const restore: Command = defineCommand({
  name: 'db restore',
  summary: 'Restore a backup after checking it against its manifest',
  notes:
    'A database that has rows is only replaced with --force. The database image and the JSON files of the backup must hold ' +
    'the same rows, and no row that db verify would name. The image replaces the whole database, with the tables of other ' +
    'programs; --from json keeps those. Prints what was restored, or with --dry-run what would be.',
  database: 'created',
  positionals: {
    backupDir: requiredPath({ completes: 'directories', description: 'directory that db backup wrote' }),
  },
  options: {
    force: flag({ description: 'replace all rows of the database' }),
    acceptInvalid: flag({
      description: 'restore rows as well that db verify would name, such as those of other programs',
    }),
    dryRun: flag({ description: 'only check the backup and count its rows; restore nothing' }),
    from: optionalChoice(SOURCES, {
      placeholder: 'SOURCE',
      description: 'restore the database image (the default, if the backup has one) or the JSON files',
    }),
  },
  examples: [
    'ggen-sim db restore ./backups/2026-01-29',
    'ggen-sim db restore ./backups/2026-01-29 --force --dry-run',
    'ggen-sim db restore ./backups/2026-01-29 --force',
  ],
  async run({ backupDir, force, acceptInvalid, dryRun, from }, context) {
    const report = await context.restoreDatabase({
      directory: backupDir,
      force,
      acceptInvalid,
      dryRun,
      ...omitUndefined({ from }),
      ...context.longOperation(),
    });
    context.removeProgressBar();
    await writeReport({ ...report, ...(dryRun && { dryRun }) }, 'json', context);
  },
});
