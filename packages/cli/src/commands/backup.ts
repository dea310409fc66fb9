import { defineCommand, type Command } from '../command.ts';
import { path } from '../parameters.ts';
import { writeReport } from '../output/reports.ts';

export const backup: Command = defineCommand({
  name: 'db backup',
  summary: 'Back up everything to a directory',
  notes:
    'Writes receipts.json, agent_memory.json, audit_log.json, the database as an SQLite file, and manifest.json with ' +
    'row counts and SHA-256 sums. Prints the manifest. An existing backup is never overwritten.',
  database: 'existing',
  positionals: {
    backupDir: path({
      completes: 'directories',
      description: 'directory to create (default: ./.ggen-backup-YYYYMMDD-HHMMSS)',
    }),
  },
  options: {},
  examples: ['ggen-sim db backup ./backups/2026-01-29', "ggen-sim db backup | jq -r '.directory'"],
  async run({ backupDir }, context) {
    await using database = await context.openDatabase();
    const { toFileStamp } = await import('@ggen-sim/core');
    const directory = backupDir ?? `./.ggen-backup-${toFileStamp(new Date())}`;
    const report = await database.exportBackup({ directory, ...context.longOperation() });
    context.removeProgressBar();
    await writeReport(report, 'json', context);
  },
});
