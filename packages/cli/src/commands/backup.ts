import { defineCommand, type Command } from '../command.ts';
import { path } from '../parameters.ts';
import { writeReport } from '../output/reports.ts';

export const backup: Command = defineCommand({
  name: 'db backup',
  summary: 'A backup of everything: JSON files, the database image, a manifest',
  notes:
    'The folder gets receipts.json, agent_memory.json, audit_log.json, the database as an SQLite file, and ' +
    'manifest.json with counts and SHA-256 sums, which is printed. An existing backup is never overwritten.',
  usesDatabase: true,
  positionals: {
    backupDir: path({
      completes: 'directories',
      description: 'where to (default: ./.ggen-backup-YYYYMMDD-HHMMSS)',
    }),
  },
  flags: {},
  examples: ['ggen-sim db backup ./backups/2026-01-29', "ggen-sim db backup | jq -r '.directory'"],
  async run({ backupDir }, context) {
    await using database = await context.openDatabase();
    const { toFileStamp } = await import('@ggen-sim/core');
    const directory = backupDir ?? `./.ggen-backup-${toFileStamp(new Date())}`;
    const report = await database.exportBackup({ directory, ...context.longOperation() });
    context.end();
    await writeReport(report, 'json', context);
  },
});
