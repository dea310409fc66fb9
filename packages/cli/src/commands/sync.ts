/** Synchronisation with other databases. `@ggen-sim/sync` and the client of PostgreSQL are loaded when they are needed. */
import type { Persistence } from '@ggen-sim/core';
import type { PullReport, RunSyncOptions, SyncTarget } from '@ggen-sim/sync';
import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import {
  CommandFailure,
  failureLine,
  failureOf,
  hasCode,
  inCommands,
  UsageError,
  type Failure,
} from '../failures.ts';
import { natsNotice } from '../nats-notice.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { reportJson, reportLine } from '../output/reports.ts';
import { flag, optionalCount, path, requiredPath } from '../parameters.ts';
import { makeCheckpoint } from './checkpoint.ts';
import { permitPlainOutput, PLAIN_FLAG } from './plain-output.ts';

/** Somebody waits for the first answer of a hub, which takes no time to give it. */
const FIRST_ANSWER_TIMEOUT_MS = 15_000;

/** Ends the notes of the commands that reach the target. */
const AGAIN_NOTES =
  'Ctrl-C or a lost connection ends it at any point: what has reached the other side stays, and the same command goes on there. ' +
  'Nothing is stored twice.';

/** The option of every command that reaches the target. */
const SYNC_KEY = {
  syncKeyFile: path({
    refusesEmpty: true,
    placeholder: 'FILE',
    completes: 'files',
    description:
      'key of all databases of the target, with which rows are encrypted before they leave (default: the variable GGEN_SIM_SYNC_KEY)',
  }),
};

const SYNC_KEY_NAMES = { file: '--sync-key-file', command: '', variable: 'GGEN_SIM_SYNC_KEY' };

/** Reads the key of the synchronisation. @throws {UsageError} for a passphrase, which each database would need a salt for */
async function syncKey(
  keyFile: string | undefined,
  context: CommandContext,
): Promise<Uint8Array | undefined> {
  const { readKey } = await import('../encryption-key.ts');
  const sources = { keyFile, keyCommand: undefined, environment: process.env };
  const key = await readKey(sources, (text) => context.printNotice(text), SYNC_KEY_NAMES);
  if (typeof key !== 'string') return key;
  throw new UsageError(
    'GGEN_SIM_SYNC_KEY holds no 64 hexadecimal digits',
    "Make a key with 'openssl rand -hex 32'",
  );
}

export const syncInit: Command = defineCommand({
  name: 'sync init',
  summary: 'Set what this database is synchronised over: a hub, PostgreSQL or a file',
  notes:
    'TARGET is http://HOST:PORT or https://HOST of a hub (serve --hub), postgres://USER@HOST/DATABASE, or the path of a file ' +
    'that all machines reach. Its tables are created, and the file. A target that does not answer, or whose rows have another key, is ' +
    'not set, unless --offline is given. The URL holds no token and no password, because the database may be copied: they are taken from the variables ' +
    'GGEN_SIM_SYNC_TOKEN and PGPASSWORD. Over another target than before, everything ' +
    'is sent again, and nothing is stored twice. Rows are encrypted before they leave with the key of --sync-key-file or ' +
    'GGEN_SIM_SYNC_KEY, which all databases of the target need, in every command; for an encrypted database, it or --plain is needed. ' +
    'Prints what sync status prints.',
  database: 'existing',
  positionals: {
    target: requiredPath({
      completes: 'files',
      description: 'URL of a hub or of PostgreSQL, or path of a file',
    }),
  },
  options: {
    offline: flag({ description: 'do not ask the target if it answers' }),
    plain: PLAIN_FLAG,
    ...SYNC_KEY,
  },
  examples: [
    'ggen-sim sync init http://127.0.0.1:7080',
    'ggen-sim sync init postgres://ggen@db.example/fleet',
    'ggen-sim sync init /mnt/shared/hub.db',
  ],
  async run({ target: location, offline, plain, syncKeyFile }, context) {
    const { checkStoredLocation, checkTarget, openTarget, setTarget } = await import('@ggen-sim/sync');
    const checked = checkStoredLocation(location);
    const key = await syncKey(syncKeyFile, context);
    await using database = await context.openDatabase();
    if (key === undefined) await permitPlainOutput(database, plain, context);
    // Without a change log there is nothing to send.
    await database.syncState();
    const options = { answerTimeoutMs: FIRST_ANSWER_TIMEOUT_MS, ...omitUndefined({ key }) };
    const target = await openTarget(checked, options);
    try {
      if (!offline) await checkTarget(database, target);
    } catch (error) {
      if (hasCode(error, 'SYNC_UNREACHABLE')) throw notReached(error);
      throw error;
    } finally {
      await target.close();
    }
    await setTarget(database, checked, target.keyId);
    await writeStatus(database, context);
  },
});

/** Names the way to set a target that does not answer yet. */
function notReached({ code, message, hint }: Pick<Failure, 'code' | 'message' | 'hint'>): CommandFailure {
  // That saves go on is no help here; that a password is missing is.
  const remedy = hint === undefined || hint.startsWith('Saves go on here') ? '' : `${hint} `;
  return new CommandFailure(code, message, {
    hint: `${remedy}The target is not set; --offline sets it without asking it`,
  });
}

export const syncPush: Command = defineCommand({
  name: 'sync push',
  summary: 'Send what the target does not have',
  notes: `Prints the numbers of entries and of changes that were new to the target. ${AGAIN_NOTES}`,
  database: 'existing',
  positionals: {},
  options: { ...SYNC_KEY },
  examples: ['ggen-sim sync push', 'ggen-sim sync push | jq .changes'],
  async run({ syncKeyFile }, context) {
    const { Synchroniser } = await import('@ggen-sim/sync');
    const pushed = await withTarget(syncKeyFile, context, (...of) => new Synchroniser(...of).push());
    await context.stdout.writeLine(reportJson(pushed));
  },
});

export const syncPull: Command = defineCommand({
  name: 'sync pull',
  summary: 'Store what other databases have sent to the target',
  notes:
    'Prints the numbers of changes that were stored, were here already, met another version of a memory (db memory conflicts), ' +
    `removed a record, or were refused, with the reasons. ${AGAIN_NOTES}`,
  database: 'existing',
  positionals: {},
  options: { ...SYNC_KEY },
  examples: ['ggen-sim sync pull', 'ggen-sim sync pull | jq .conflicts'],
  async run({ syncKeyFile }, context) {
    const { Synchroniser } = await import('@ggen-sim/sync');
    const pulled = await withTarget(syncKeyFile, context, (...of) => new Synchroniser(...of).pull());
    await context.stdout.writeLine(reportJson(pulled));
    noteUnusual(pulled, context);
  },
});

export const syncRun: Command = defineCommand({
  name: 'sync run',
  summary: 'Push and pull: once, or with --follow until interrupted',
  notes:
    'Prints what sync push and sync pull print, as pushed and pulled. With --follow it synchronises after each save of any ' +
    'process on this database, when the target tells of something new, and every SECONDS, prints one line for each time that ' +
    'something was moved, and tries again later ' +
    `when the target does not answer. ${AGAIN_NOTES}`,
  database: 'existing',
  positionals: {},
  options: {
    follow: flag({ description: 'go on until interrupted' }),
    interval: optionalCount({
      placeholder: 'SECONDS',
      atLeast: 1,
      description: 'with --follow: time between two looks at the target, 1 or more (default: 5)',
    }),
    ...SYNC_KEY,
  },
  examples: ['ggen-sim sync run', `ggen-sim sync run | jq '.pulled.stored'`],
  ownExitCodes: {
    [EXIT_CODES.ok]: 'success; with --follow, stopped by SIGTERM',
    [EXIT_CODES.interrupted]: 'interrupted; with --follow, after the step that was running',
  },
  async run({ follow, interval, syncKeyFile }, context) {
    if (follow) return followTarget((interval ?? 5) * 1000, syncKeyFile, context);
    if (interval !== undefined) throw new UsageError('--interval needs --follow');
    const { Synchroniser } = await import('@ggen-sim/sync');
    const report = await withTarget(syncKeyFile, context, (...of) => new Synchroniser(...of).synchronise());
    await context.stdout.writeLine(reportJson(report));
    noteUnusual(report.pulled, context);
    return undefined;
  },
});

export const syncStatus: Command = defineCommand({
  name: 'sync status',
  summary: 'Show how far the synchronisation is behind, and what is to be done',
  notes:
    'Prints the target, the id of this database (origin), the number of entries that the target does not have and the age of ' +
    'the first one (lag), the last success, the last error, and what is to be done (advice). The target is not asked.',
  database: 'existing',
  positionals: {},
  options: {},
  examples: ['ggen-sim sync status', 'ggen-sim sync status | jq -e ".lag_entries == 0"'],
  async run(_, context) {
    await using database = await context.openDatabase('brief');
    await writeStatus(database, context);
  },
});

export const syncCheckpoint: Command = defineCommand({
  name: 'sync checkpoint',
  summary: 'Print a checkpoint of this database that the hub has cosigned',
  notes:
    'Makes a checkpoint (db checkpoint), sends the entries up to it, and has the hub (serve --hub-key) sign it as well ' +
    '(https://c2sp.org/tlog-cosignature). The hub computes the root from the entries that it was sent, so it never signs a change ' +
    'log that was rewritten since: that is the error CHECKPOINT_INCONSISTENT. db verify --checkpoint and db verify-proof verify ' +
    'what is printed with the public key of the hub, without it. --key also signs with a key of this database, as db checkpoint does.',
  database: 'existing',
  positionals: {},
  options: {
    key: path({
      refusesEmpty: true,
      placeholder: 'FILE',
      completes: 'files',
      description: 'file of the private key',
    }),
    ...SYNC_KEY,
  },
  examples: [
    'ggen-sim sync checkpoint > checkpoint.txt',
    'ggen-sim db verify --checkpoint checkpoint.txt --key hub.key.pub',
  ],
  async run({ key, syncKeyFile }, context) {
    const { Synchroniser } = await import('@ggen-sim/sync');
    const note = await withTarget(syncKeyFile, context, async (database, target) =>
      new Synchroniser(database, target).cosign(await makeCheckpoint(database, key, context)),
    );
    await context.stdout.write(note);
  },
});

export const syncRenewOrigin: Command = defineCommand({
  name: 'sync renew-origin',
  summary: 'Give a database an id of its own, after the error FORKED',
  notes:
    'The target refuses a copy of a database that has saved other records than the original, and one that an older copy ' +
    'replaced: both call themselves by the same id (FORKED). Run this for one of the two. It then sends its records under the ' +
    'new id; what the target has already is not stored twice, and what was lost here comes back. Those who read events with ' +
    'db tail --after begin anew. Prints what sync status prints.',
  database: 'existing',
  positionals: {},
  options: {},
  examples: ['ggen-sim sync renew-origin'],
  async run(_, context) {
    const { renewOrigin, targetOf } = await import('@ggen-sim/sync');
    await using database = await context.openDatabase();
    // A database that is not synchronised keeps its id.
    await targetOf(database);
    await renewOrigin(database);
    await writeStatus(database, context);
  },
});

async function writeStatus(database: Persistence, context: CommandContext): Promise<void> {
  const { syncStatus: readStatus } = await import('@ggen-sim/sync');
  const status = await readStatus(database);
  const advice = status.advice === null ? null : inCommands(status.advice);
  await context.stdout.writeLine(reportJson({ ...status, advice }));
}

/** Runs work with the database and its target. */
async function withTarget<T>(
  syncKeyFile: string | undefined,
  context: CommandContext,
  work: (database: Persistence, target: SyncTarget, location: string) => Promise<T>,
): Promise<T> {
  const { openTarget, targetOf } = await import('@ggen-sim/sync');
  const key = await syncKey(syncKeyFile, context);
  await using database = await context.openDatabase();
  const location = await targetOf(database);
  // A hub that is missing is not created: its folder may not be mounted.
  const target = await openTarget(location, {
    create: false,
    ...omitUndefined({ key }),
    onNatsChange: (failure) => context.printNotice(natsNotice(failure)),
  });
  try {
    return await work(database, target, location);
  } finally {
    await target.close();
  }
}

/** Synchronises until a signal comes, or nobody reads the output any more. */
async function followTarget(
  intervalMs: number,
  syncKeyFile: string | undefined,
  context: CommandContext,
): Promise<ExitCode | undefined> {
  const { runSync } = await import('@ggen-sim/sync');
  const closed = new AbortController();
  const signal = AbortSignal.any([context.interruption.cancellable(), closed.signal]);
  let written: Promise<void> = Promise.resolve();
  const onReport: RunSyncOptions['onReport'] = (report) => {
    if ('error' in report) {
      const again = `Trying again in ${Math.ceil(report.retryMs / 1000)} s`;
      context.printNotice(failureLine({ ...failureOf(report.error), hint: again }));
      return;
    }
    written = written.then(() => context.stdout.writeLine(reportLine(report)));
    written.catch(() => closed.abort());
    noteUnusual(report.pulled, context);
  };
  await withTarget(syncKeyFile, context, (database, target, location) =>
    runSync(database, target, { signal, location, intervalMs, onReport }),
  );
  await written;
  const { exitCode } = context.interruption;
  return exitCode === EXIT_CODES.terminated ? EXIT_CODES.ok : exitCode;
}

/** Says what a person should look at. */
function noteUnusual({ conflicts, refusedCount }: PullReport, context: CommandContext): void {
  if (conflicts > 0) {
    context.printNotice(`Conflicts of memory: ${conflicts}. 'ggen-sim db memory conflicts' lists them`);
  }
  if (refusedCount > 0) {
    context.printNotice(`Changes that could not be stored here: ${refusedCount}. They are in the target`);
  }
}
