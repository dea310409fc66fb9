import { defineCommand, type Command } from '../command.ts';
import { path } from '../parameters.ts';
import { hasCode } from '../failures.ts';
import { PLAIN_FLAG, permitPlainOutput } from './plain-output.ts';

export const backup: Command = defineCommand({
  name: 'db backup',
  summary: 'Back up everything to a directory',
  notes:
    'Writes receipts.json, agent_memory.json, audit_log.json, change_log.json, the database as an SQLite file, and manifest.json with ' +
    'row counts and SHA-256 sums. Prints the directory and the manifest. An existing backup is never overwritten. ' +
    'Other programs can save meanwhile if the folder of the database has room for a copy of it. ' +
    'A backup is not encrypted: of an encrypted database, it needs --plain.',
  database: 'existing',
  positionals: {
    backupDir: path({
      completes: 'directories',
      description: 'directory to create (default: ./.ggen-backup-YYYYMMDD-HHMMSS)',
    }),
  },
  options: { plain: PLAIN_FLAG },
  examples: ['ggen-sim db backup ./backups/2026-01-29', "ggen-sim db backup | jq -r '.directory'"],
  async run({ backupDir, plain }, context) {
    await using database = await context.openDatabase();
    await permitPlainOutput(database, plain, context);
    const { toFileStamp } = await import('@ggen-sim/core');
    const options = context.longOperation();
    const report = await (backupDir === undefined
      ? toNewDirectory(`./.ggen-backup-${toFileStamp(new Date())}`, (directory) =>
          database.exportBackup({ directory, ...options }),
        )
      : database.exportBackup({ directory: backupDir, ...options }));
    context.removeProgressBar();
    // The manifest is printed as manifest.json has it, so that one script reads both.
    await context.stdout.writeLine(JSON.stringify(report, undefined, 2));
  },
});

/** Tries a default name, then the same name with -2, -3, …: two backups may begin within one second. */
async function toNewDirectory<T>(name: string, backUp: (directory: string) => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await backUp(number === 1 ? name : `${name}-${number}`);
    } catch (error) {
      if (!hasCode(error, 'ALREADY_EXISTS')) throw error;
    }
  }
}
