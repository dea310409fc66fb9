import type { VerifyProblem } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { writeReport } from '../output/reports.ts';
import { files, path } from '../parameters.ts';
import { quotedIfNeeded } from '../shell/quoted-word.ts';
import { readTextFile } from '../signing-key.ts';

export const verify: Command = defineCommand({
  name: 'db verify',
  summary: 'Check integrity, schema, indexes, every receipt id and the history',
  notes:
    'Compares every row with the change log (db history), and names what another program edited, deleted, or inserted among earlier rows. ' +
    'Without --checkpoint, nobody can tell that the last entries were cut off, or that all was written anew. ' +
    'Prints a report whether or not problems are found: every problem, at most the first 100 of each check, and their number. The first one also goes to stderr.',
  database: 'existing',
  positionals: {},
  options: {
    checkpoint: files({
      refusesEmpty: true,
      isRequired: false,
      placeholder: 'FILE',
      description: 'checkpoint that was kept elsewhere (db checkpoint)',
    }),
    key: path({
      refusesEmpty: true,
      placeholder: 'KEY_FILE',
      completes: 'files',
      description: 'public key that must have signed or cosigned the checkpoints',
    }),
  },
  ownExitCodes: { [EXIT_CODES.failed]: 'the database has a problem' },
  examples: [
    'ggen-sim db verify',
    "ggen-sim db verify | jq '.problems'",
    'ggen-sim db verify --checkpoint checkpoint.txt --key ggen.key.pub',
  ],
  async run({ checkpoint, key }, context) {
    if (key !== undefined && checkpoint.length === 0)
      throw new UsageError('--key needs --checkpoint: it is the key that has signed a checkpoint');
    const checkpoints = checkpoint.map(readTextFile);
    const verifierKey = key === undefined ? undefined : readTextFile(key);
    await using database = await context.openDatabase();
    const report = await database.verify({
      ...context.longOperation(),
      checkpoints,
      ...omitUndefined({ verifierKey }),
    });
    context.removeProgressBar();
    await writeReport(report, 'json', context);
    if (report.ok) return;
    const [first] = report.problems;
    const isEncrypted = (await database.info()).encryption !== null;
    const more = report.problemCount - 1;
    const location = first?.row === null || first?.row === undefined ? '' : ` (${first.row})`;
    throw new CommandFailure(
      'CORRUPT',
      `${first?.check ?? 'verify'}${location}: ${first?.message ?? 'not ok'}`,
      {
        hint: `${more === 0 ? '' : `${more} more in the report. `}${first ? wayOut(first, context.databasePath, isEncrypted) : ''}`,
      },
    );
  },
});

/** Names what can be done about a problem without losing a row. */
function wayOut({ check, row }: VerifyProblem, databasePath: string, isEncrypted: boolean): string {
  if (check === 'integrity' || check === 'schema') {
    return "The file is left as it is. Restore a backup to a new file: 'ggen-sim db restore BACKUP_DIR --db NEW_FILE'";
  }
  if (check === 'index') {
    return (
      'The rows are not affected. Copy them to a new file, which gets new indexes: ' +
      "'ggen-sim db backup BACKUP_DIR', then 'ggen-sim db restore BACKUP_DIR --from json --db NEW_FILE'"
    );
  }
  if (check === 'history') {
    return "The database is left as it is. A backup made before has what was there: 'ggen-sim db restore BACKUP_DIR --db NEW_FILE'";
  }
  const [table, rowid] = row?.split(' ') ?? [];
  const sql = `SELECT * FROM ${table} WHERE rowid = ${rowid}`;
  const file = quotedIfNeeded(databasePath);
  // Native SQLite has no keys.
  return isEncrypted
    ? `The row is kept as it is. Look at it: ggen-sim db sql "${sql}" --db ${file}, with the key`
    : `The row is kept as it is. Look at it: sqlite3 -readonly ${file} "${sql}"`;
}
