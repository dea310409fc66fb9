import type { RetentionPolicy } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { UsageError } from '../failures.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { reportJson, writeReport } from '../output/reports.ts';
import { choice, flag, optionalChoice, optionalCount, optionalText, repeatedText } from '../parameters.ts';

const TABLES = { receipts: 'receipts', audit: 'audit_log' } as const;

export const retention: Command = defineCommand({
  name: 'db retention',
  summary: 'Set, list or remove retention policies, or delete what is beyond them',
  notes:
    'A policy says what to keep of receipts or audit entries: by --days, --count and --bytes of their content, of all or of ' +
    'some agents and statuses. Policies are stored in the database; nothing is deleted before run. The oldest rows go first, in ' +
    'batches, and other programs save in between; Ctrl-C ends it after a batch. What is held stays (db hold). The change log ' +
    'has an entry for each batch, with the name of the policy.',
  database: 'existing',
  positionals: {
    action: choice(['set', 'list', 'remove', 'run'], { description: 'what to do' }),
    name: optionalText({ description: 'name of the policy' }),
  },
  options: {
    of: optionalChoice(['receipts', 'audit'], { description: 'set: the rows' }),
    agent: optionalText({ placeholder: 'PATTERN', description: 'set: only rows of agents like this' }),
    status: repeatedText({
      placeholder: 'STATUS',
      description: 'set: only rows of this status; may be repeated',
    }),
    days: optionalCount({ placeholder: 'N', description: 'set: delete rows older than this many days' }),
    count: optionalCount({ placeholder: 'N', description: 'set: keep the newest rows, so many' }),
    bytes: optionalCount({ placeholder: 'N', description: 'set: keep the newest rows, so much content' }),
    dryRun: flag({ description: 'run: only count; delete nothing' }),
    vacuum: flag({ description: 'run: shrink the file in any case (VACUUM)' }),
    noVacuum: flag({ description: 'run: leave the file as large as it is' }),
  },
  exclusive: [
    ['vacuum', 'noVacuum'],
    ['dryRun', 'vacuum'],
  ],
  examples: [
    'ggen-sim db retention set failures --of receipts --status error --days 365',
    'ggen-sim db retention set trail --of audit --days 90 --count 100000',
    'ggen-sim db retention run --dry-run',
  ],
  async run({ action, name, of, days, count, bytes, dryRun, vacuum, noVacuum, ...rows }, context) {
    if (action === 'list' || action === 'run') {
      if (name !== undefined) throw new UsageError(`db retention ${action} takes no name, but all policies`);
      await using database = await context.openDatabase();
      if (action === 'list') {
        await context.stdout.writeLine(reportJson(await database.listRetentionPolicies()));
        return;
      }
      const room = vacuum || noVacuum ? { vacuum } : {};
      const report = await database.runRetention({ dryRun, ...room, ...context.longOperation() });
      context.removeProgressBar();
      await writeReport(report, 'json', context);
      return;
    }
    if (name === undefined) throw new UsageError(`db retention ${action} needs the name of a policy`);
    if (action === 'remove') {
      await using database = await context.openDatabase();
      await database.removeRetentionPolicy(name);
      return;
    }
    if (of === undefined) throw new UsageError('db retention set needs --of', 'Give receipts or audit');
    if (days === undefined && count === undefined && bytes === undefined) {
      throw new UsageError('db retention set needs a limit', 'Give --days, --count or --bytes');
    }
    const limits = { maxAgeDays: days, maxCount: count, maxBytes: bytes };
    const policy: RetentionPolicy = { name, table: TABLES[of], ...omitUndefined({ ...rows, ...limits }) };
    await using database = await context.openDatabase();
    await writeReport(await database.setRetentionPolicy(policy), 'json', context);
  },
});
