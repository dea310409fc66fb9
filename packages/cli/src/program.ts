/** The command line's grammar: every command as the argument parser knows it, and what was given as values. */
import { Argument, Command as Parser, Option } from 'commander';
import type { Command } from './command.ts';
import { commandGroups, commands } from './commands/index.ts';
import { UsageError } from './failures.ts';
import { groupHelp, helpConfiguration, leafHelp, positionalTerms, rootHelp } from './help.ts';
import { placeholderOf, type Input } from './parameters.ts';
import { kebabCase } from './letter-case.ts';
import { programVersion } from './program-version.ts';
import { readStandardInput } from './standard-input.ts';

/** What a command line asks for. */
export interface Request {
  readonly command: Command;
  readonly values: Readonly<Record<string, unknown>>;
  readonly dbFlag: string | undefined;
  readonly isVerbose: boolean;
}

/**
 * Builds the parser.
 * @param act - called with what was asked for, once the command line is found right
 */
export function buildProgram(act: (request: Request) => Promise<void>): Parser {
  const program = new Parser('ggen-sim')
    .description("The ggen simulator's memory: receipts, agent memory and audit trail in one SQLite file.")
    .version(programVersion, '--version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand('help [command]', 'explain a command')
    .enablePositionalOptions()
    .configureHelp(helpConfiguration)
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .addHelpText('after', rootHelp);
  addCommonOptions(program, true);
  const groups = new Map<string, Parser>();
  for (const command of commands) {
    const [groupName = ''] = command.name.split(' ').slice(0, -1);
    const group = groups.get(groupName) ?? (groupName === '' ? program : addGroup(program, groupName));
    groups.set(groupName, group);
    addCommand(group, command, act);
  }
  return program;
}

function addGroup(program: Parser, name: string): Parser {
  const members = commands.filter((command) => command.name.startsWith(`${name} `));
  const group = program
    .command(name)
    .description(commandGroups[name] ?? '')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', () => groupHelp(members));
  addCommonOptions(group, true);
  return group;
}

function addCommand(parent: Parser, command: Command, act: (request: Request) => Promise<void>): void {
  const leaf = parent
    .command(command.name.split(' ').at(-1) ?? '')
    .summary(command.summary)
    .description(command.notes === '' ? `${command.summary}.` : `${command.summary}.\n\n${command.notes}`)
    .usage(`${[...positionalTerms(command), ''].join(' ')}[options]`)
    .helpCommand(false)
    .addHelpText('after', () => leafHelp(command));
  for (const [name, input] of Object.entries(command.positionals)) {
    leaf.addArgument(new Argument(`[${placeholderOf(name, input)}]`, describe(input)));
    leaf.addOption(flagOption(name, input).hideHelp());
  }
  for (const [name, input] of Object.entries(command.flags)) leaf.addOption(flagOption(name, input));
  addCommonOptions(leaf, command.usesDatabase);
  leaf.action(async () => {
    const values = await readValues(command, leaf);
    await act({
      command,
      values,
      dbFlag: inherited(leaf, 'db'),
      isVerbose: inherited(leaf, 'verbose') === true,
    });
  });
}

/** Options that may stand before or after the command's words. */
function addCommonOptions(parser: Parser, usesDatabase: boolean): void {
  const db = new Option('--db <FILE>', 'the database file (else $DB_PATH, $DB_DIR/ggen.db, the workspace)');
  parser.addOption(usesDatabase ? db : db.hideHelp());
  parser.option('--verbose', 'show the cause and the stack of an error');
}

function inherited<Value>(leaf: Parser, name: string): Value | undefined {
  for (let parser: Parser | null = leaf; parser !== null; parser = parser.parent) {
    const value: unknown = parser.opts()[name];
    if (value !== undefined) return value as Value;
  }
  return undefined;
}

function flagOption(name: string, input: Input): Option {
  const flag = `--${kebabCase(name)}`;
  const placeholder = placeholderOf(name, input);
  const suffix = { nothing: '', one: ` <${placeholder}>`, many: ` <${placeholder}...>` }[input.takes];
  return new Option(flag + suffix, describe(input));
}

function describe(input: Input): string {
  const remarks = [
    ...(input.readsStandardInput ? ['- reads standard input'] : []),
    ...(input.isRequired ? ['required'] : []),
    ...(input.shownDefault === undefined ? [] : [`default: ${input.shownDefault}`]),
  ];
  return remarks.length === 0 ? input.description : `${input.description} (${remarks.join('; ')})`;
}

async function readValues(command: Command, leaf: Parser): Promise<Record<string, unknown>> {
  const given = new Map<string, readonly string[]>();
  Object.entries(command.positionals).forEach(([name, input], index) => {
    const argument = withoutEmpty([leaf.args[index] ?? '']);
    const flag = flagTexts(leaf, name, input);
    if (argument.length > 0 && flag.length > 0) {
      const hint = 'Give it once; the other arguments can be given as flags too';
      throw new UsageError(
        `${placeholderOf(name, input)} is given twice, as an argument and as --${kebabCase(name)}`,
        hint,
      );
    }
    given.set(name, [...argument, ...flag]);
  });
  for (const [name, input] of Object.entries(command.flags)) given.set(name, flagTexts(leaf, name, input));

  const inputs = Object.entries({ ...command.positionals, ...command.flags });
  for (const [name, input] of inputs) {
    if (!input.readsStandardInput || given.get(name)?.[0] !== '-') continue;
    given.set(name, withoutEmpty([await readStandardInput()]));
  }
  const missing = inputs.filter(([name, input]) => input.isRequired && given.get(name)?.length === 0);
  if (missing.length > 0) {
    const names = missing.map(([name, input]) =>
      name in command.flags ? `--${kebabCase(name)}` : placeholderOf(name, input),
    );
    throw new UsageError(`Missing required parameters: ${names.join(', ')}`, seeHelp(command.name));
  }
  return Object.fromEntries(
    inputs.map(([name, input]) => [name, input.read(given.get(name) ?? [], placeholderOf(name, input))]),
  );
}

/** What to say to someone who got a command wrong. */
export function seeHelp(commandName?: string): string {
  return commandName === undefined ? "See 'ggen-sim --help'" : `See 'ggen-sim ${commandName} --help'`;
}

/** The texts given for a flag. Empty ones count as not given, so that scripts may pass variables that are not set. */
function flagTexts(leaf: Parser, name: string, input: Input): readonly string[] {
  const option = leaf.options.find((candidate) => candidate.long === `--${kebabCase(name)}`);
  const value: unknown = option && leaf.getOptionValue(option.attributeName());
  if (input.takes === 'nothing')
    return (value === true) !== (option?.negate ?? false) && value !== undefined ? ['yes'] : [];
  if (Array.isArray(value)) return withoutEmpty(value as string[]);
  return typeof value === 'string' ? withoutEmpty([value]) : [];
}

function withoutEmpty(texts: readonly string[]): readonly string[] {
  return texts.filter((given) => given !== '');
}
