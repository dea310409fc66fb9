import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import { flag, path, text } from '../parameters.ts';
import { quotedIfNeeded } from '../shell/quoted-word.ts';
import { isEncryptedFile, isSqliteFile } from '../sqlite-file.ts';

const settingsOptions = {
  user: flag({ description: 'the settings of the user, for all projects, instead of those of this project' }),
  settings: path({ placeholder: 'FILE', description: 'another settings file', completes: 'files' }),
};
const agentOption = text({
  placeholder: 'NAME',
  description: 'id of the agent in whose name the events are stored',
  default: 'claude-code',
});
const keepPromptsOption = flag({ description: 'keep the text of prompts (otherwise only hashes are kept)' });

interface SettingsChoice {
  readonly user: boolean;
  readonly settings: string | undefined;
}

/** Finds the settings file of Claude Code. */
function settingsFile({ user, settings }: SettingsChoice, { locations }: CommandContext): string {
  if (user && settings !== undefined)
    throw new UsageError('--user and --settings exclude each other', 'Give one of them');
  if (settings !== undefined) return resolve(locations.currentDirectory, settings);
  const folder = user
    ? locations.environment['CLAUDE_CONFIG_DIR'] || join(homedir(), '.claude')
    : join(locations.currentDirectory, '.claude');
  return join(folder, 'settings.json');
}

/** Writes the command of a hook. In a project, the path of the database is relative to the project's folder. */
function hookCommand(
  {
    user,
    agent,
    keepPrompts,
    plain,
  }: Readonly<Record<'user' | 'keepPrompts' | 'plain', boolean>> & { readonly agent: string },
  { databasePath, locations, keyOptions: { keyFile, keyCommand } }: CommandContext,
): string {
  const inProject = relative(locations.currentDirectory, databasePath);
  const isInside =
    inProject !== '' && !inProject.startsWith('..') && !user && resolve(inProject) === databasePath;
  const db = isInside ? `"$CLAUDE_PROJECT_DIR"/${quotedIfNeeded(inProject)}` : quotedIfNeeded(databasePath);
  return [
    'ggen-sim hooks record --db',
    db,
    ...(agent === 'claude-code' ? [] : ['--agent', quotedIfNeeded(agent)]),
    ...(keepPrompts ? ['--keep-prompts'] : []),
    ...(plain ? ['--plain'] : []),
    ...(keyFile === undefined ? [] : ['--key-file', quotedIfNeeded(resolve(keyFile))]),
    ...(keyCommand === undefined ? [] : ['--key-command', quotedIfNeeded(keyCommand)]),
  ].join(' ');
}

async function changeSettings(
  choice: SettingsChoice,
  context: CommandContext,
  change: (text: string) => string,
): Promise<void> {
  const file = settingsFile(choice, context);
  const { changeSettingsFile } = await import('@ggen-sim/hooks/settings');
  try {
    const { difference, backup } = changeSettingsFile(file, change);
    if (difference === '') context.printNotice(`${file} needs no change`);
    else await context.stdout.write(difference);
    if (backup !== null) context.printNotice(`The file as it was before: ${backup}`);
  } catch (error) {
    throw settingsFailure(file, error);
  }
}

/**
 * Refuses hooks for an encrypted database, unless their plain spool is wanted: a hook must be quick, so it derives no key. A
 * database that is still to be made is encrypted if a key is given.
 */
function assertSpoolWanted({ databasePath, isKeyGiven }: CommandContext, plain: boolean): void {
  const isEncrypted = isEncryptedFile(databasePath);
  if (isKeyGiven && !isEncrypted && isSqliteFile(databasePath)) {
    throw new CommandFailure('WRONG_KEY', `${databasePath} is not encrypted`, {
      hint: 'Give no key, neither by an option nor in GGEN_SIM_KEY. Nothing was changed',
    });
  }
  if (plain || (!isKeyGiven && !isEncrypted)) return;
  throw new UsageError(
    `${databasePath} is encrypted, and what hooks record waits in ${databasePath}-hooks without encryption until it is stored`,
    'Give --plain to install them all the same. Nothing was changed',
  );
}

function settingsFailure(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'SettingsError') return error;
  const hint = 'It was not changed. Correct it first';
  return new CommandFailure('INVALID_JSON', `${file}: ${error.message}`, { hint });
}

export const hooksInstall: Command = defineCommand({
  name: 'hooks install',
  summary: 'Let Claude Code record what it does: adds hooks to its settings',
  notes:
    'Adds a hook for each event to .claude/settings.json and prints the difference. Entries of others and the formatting stay, ' +
    'and a backup is kept. Installing again changes nothing, or only the command. What is recorded: tool calls with ' +
    'their durations, permissions, a receipt for each turn, subagent and session. Obvious secrets are removed, and of ' +
    'prompts only hashes are kept. Events wait in FILE-hooks until a command stores them, which is not encrypted: for an encrypted ' +
    'database, --plain is needed.',
  database: 'created',
  positionals: {},
  options: {
    ...settingsOptions,
    agent: agentOption,
    keepPrompts: keepPromptsOption,
    plain: flag({ description: 'install them although the database is encrypted, and the spool is not' }),
  },
  examples: ['ggen-sim hooks install', 'ggen-sim hooks install --user --db ~/.ggen/agents.db'],
  async run({ user, settings, agent, keepPrompts, plain }, context) {
    assertSpoolWanted(context, plain);
    const { installHooks } = await import('@ggen-sim/hooks/settings');
    const command = hookCommand({ user, agent, keepPrompts, plain }, context);
    await changeSettings({ user, settings }, context, (before) => installHooks(before, command));
  },
});

export const hooksRemove: Command = defineCommand({
  name: 'hooks remove',
  summary: 'Remove the hooks from the settings of Claude Code',
  notes:
    'Removes what hooks install has added, and nothing else, and prints the difference. A backup is kept.',
  database: 'unused',
  positionals: {},
  options: settingsOptions,
  examples: ['ggen-sim hooks remove', 'ggen-sim hooks remove --user'],
  async run(choice, context) {
    const { removeHooks } = await import('@ggen-sim/hooks/settings');
    await changeSettings(choice, context, removeHooks);
  },
});

export const hooksStatus: Command = defineCommand({
  name: 'hooks status',
  summary: 'Show which hooks are installed, and what waits to be stored',
  notes:
    'Prints JSON: the settings file, the command of each event, the events without a hook, and if events wait in the spool.',
  database: 'created',
  positionals: {},
  options: settingsOptions,
  examples: ['ggen-sim hooks status'],
  async run(choice, context) {
    const file = settingsFile(choice, context);
    const { HOOK_EVENTS, installedHooks } = await import('@ggen-sim/hooks/settings');
    const { hasSpooledEvents } = await import('@ggen-sim/hooks/spool');
    let installed: ReturnType<typeof installedHooks>;
    try {
      installed = installedHooks(existsSync(file) ? readFileSync(file, 'utf8') : '');
    } catch (error) {
      throw settingsFailure(file, error);
    }
    const events = new Set(installed.map(({ event }) => event));
    const status = {
      settings: file,
      installed: events.size > 0,
      commands: [...new Set(installed.map(({ command }) => command))],
      events: [...events],
      missing_events: HOOK_EVENTS.filter((event) => !events.has(event)),
      database: context.databasePath,
      events_wait: hasSpooledEvents(context.databasePath),
    };
    await context.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  },
});

export const hooksRecord: Command = defineCommand({
  name: 'hooks record',
  summary: 'Record one event of a coding agent from standard input (the hooks call this)',
  notes:
    'Appends the event to a file beside the database and lets another process store it. Its exit code is 0 whatever happens, ' +
    'so that it never disturbs the agent. It prints nothing, except for a line on stderr where the event cannot be written, or ' +
    'may not: the file is not encrypted, so for an encrypted database --plain is needed.',
  database: 'created',
  positionals: {},
  options: {
    agent: agentOption,
    keepPrompts: keepPromptsOption,
    plain: flag({ description: 'record although the database is encrypted, and the file of events is not' }),
  },
  examples: [`ggen-sim hooks record < event.json`],
  async run({ agent, keepPrompts, plain }, { locations: { dbOption }, keyOptions }) {
    const { recordWith } = await import('../record-hook.ts');
    recordWith({ db: dbOption, agent, keepPrompts, plain, ...keyOptions });
  },
});

export const hooksDrain: Command = defineCommand({
  name: 'hooks drain',
  summary: 'Store the events that hooks have recorded (every other command does so too)',
  notes:
    'Hooks start this themselves. While the database is locked, full or missing, the events stay in the file FILE-hooks.',
  database: 'created',
  positionals: {},
  options: {},
  examples: ['ggen-sim hooks drain'],
  async run(_, context) {
    await using database = await context.openDatabase('unknown', { drain: false });
    const { drain } = await import('@ggen-sim/hooks');
    await drain(database, context.databasePath, { hasTurn: true });
  },
});
