import { defineCommand, type Command } from '../command.ts';
import { optionalChoice, requiredPath, toggle } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { writeReport } from '../output/reports.ts';

const sources = ['image', 'json'] as const;

export const restore: Command = defineCommand({
  name: 'db restore',
  summary: 'Restore a backup, after checking it against its manifest',
  notes: 'A database that holds any row is left alone without --force. What was restored is printed.',
  usesDatabase: true,
  positionals: {
    backupDir: requiredPath({ completes: 'directories', description: 'as db backup wrote it' }),
  },
  flags: {
    force: toggle({ description: 'replace what is stored now' }),
    from: optionalChoice(sources, {
      placeholder: 'SOURCE',
      description: 'the database image or the JSON files',
    }),
  },
  examples: ['ggen-sim db restore ./backups/2026-01-29', 'ggen-sim db restore ./backups/2026-01-29 --force'],
  async run({ backupDir, force, from }, context) {
    await using database = await context.openDatabase();
    const report = await database.restoreBackup({
      directory: backupDir,
      force,
      ...omitUndefined({ from }),
      ...context.longOperation(),
    });
    context.end();
    await writeReport(report, 'json', context);
  },
});
