/** Grammar of the command line: builds commander's parser from the commands and parses the arguments to values. */
import { Argument, Command as Parser, Option } from 'commander';
import type { Caller } from './caller.ts';
import type { Command, DatabaseUse } from './command.ts';
import { COMMAND_GROUPS, COMMANDS } from './commands/index.ts';
import { UsageError } from './failures.ts';
import { groupHelp, HELP_CONFIGURATION, leafHelp, positionalTerms, ROOT_HELP, seeHelp } from './help.ts';
import { refuseMisplaced } from './misplaced-words.ts';
import { placeholderOf, type Parameter } from './parameters.ts';
import { kebabCase } from './letter-case.ts';
import { PROGRAM_VERSION } from './program-version.ts';
import { readStandardInput } from './standard-input.ts';

/** A parsed command line. */
export interface Request {
  readonly command: Command;
  readonly values: Readonly<Record<string, unknown>>;
  readonly dbOption: string | undefined;
  /** True when `--create` is given. */
  readonly create: boolean;
  readonly isVerbose: boolean;
  /** Options that give the key of an encrypted database. */
  readonly keyOptions: { readonly keyFile: string | undefined; readonly keyCommand: string | undefined };
}

/**
 * Builds the parser.
 * @param commands - those that it knows
 * @param run - called with the parsed command line if it is valid
 * @param print - receives the help and the version
 * @param standardInput - opens the input that `-` stands for
 */
export function buildProgram(
  commands: readonly Command[],
  run: (request: Request) => Promise<void>,
  print: (text: string) => void,
  standardInput: Caller['standardInput'],
): Parser {
  const program = new Parser('ggen-sim')
    .description("The ggen simulator's memory: receipts, agent memory and audit trail in one SQLite file.")
    .version(PROGRAM_VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .configureHelp(HELP_CONFIGURATION)
    .configureOutput({ outputError: () => undefined, writeOut: print })
    .exitOverride()
    .addHelpText('after', ROOT_HELP);
  addCommonOptions(program, 'existing');
  const groups = new Map<string, Parser>();
  for (const command of commands) {
    const [groupName = ''] = command.name.split(' ').slice(0, -1);
    const group = groups.get(groupName) ?? (groupName === '' ? program : addGroup(program, groupName));
    groups.set(groupName, group);
    const leaf = addCommand(group, command, run, standardInput);
    // A command may have others below it: serve, and serve stop.
    if (COMMANDS.some(({ name }) => name.startsWith(`${command.name} `))) groups.set(command.name, leaf);
  }
  for (const parser of groups.values()) addHelpCommand(parser);
  return program;
}

/** Adds the command `help`, which commander's own does for one word only: `help db save-receipt` has two. */
function addHelpCommand(parser: Parser): void {
  const help = parser
    .command('help')
    .argument('[command...]')
    .description('show the help of a command')
    .helpCommand(false);
  help.action((words: readonly string[]) => {
    let shown = parser;
    for (const word of words) {
      const child = shown.commands.find((candidate) => candidate.name() === word);
      shown = child ?? shown.error(`error: unknown command '${word}'`, { code: 'commander.unknownCommand' });
    }
    shown.outputHelp();
  });
}

function addGroup(program: Parser, name: string): Parser {
  const members = COMMANDS.filter((command) => command.name.startsWith(`${name} `));
  const group = program
    .command(name)
    .description(`${COMMAND_GROUPS[name] ?? ''}.`)
    .helpCommand(false)
    .addHelpText('after', () => groupHelp(name, members));
  addCommonOptions(group, 'existing');
  return group;
}

function addCommand(
  parent: Parser,
  command: Command,
  run: (request: Request) => Promise<void>,
  standardInput: Caller['standardInput'],
): Parser {
  const leaf = parent
    .command(command.name.split(' ').at(-1) ?? '')
    .summary(command.summary)
    .description(command.notes === '' ? `${command.summary}.` : `${command.summary}.\n\n${command.notes}`)
    .usage(`${[...positionalTerms(command), ''].join(' ')}[options]`)
    .helpCommand(false)
    .addHelpText('after', () => leafHelp(command));
  for (const [name, parameter] of Object.entries(command.positionals)) {
    leaf.addArgument(new Argument(`[${placeholderOf(name, parameter)}]`, describe(parameter)));
    leaf.addOption(optionOf(name, parameter).hideHelp());
  }
  for (const [name, parameter] of Object.entries(command.options)) leaf.addOption(optionOf(name, parameter));
  addCommonOptions(leaf, command.database);
  leaf.action(async () => {
    const values = await parseValues(command, leaf, standardInput);
    await run({
      command,
      values,
      dbOption: inherited(leaf, 'db'),
      create: inherited(leaf, 'create') === true,
      isVerbose: inherited(leaf, 'verbose') === true,
      keyOptions: keyOptionsOf(leaf),
    });
  });
  return leaf;
}

/** Adds the options that may stand before or after the words of the command. */
function addCommonOptions(parser: Parser, database: DatabaseUse): void {
  const db = once(new Option('--db <FILE>', 'database file (default: $DB_PATH, $DB_DIR/ggen.db, workspace)'));
  const keys = [
    once(new Option('--key-file <FILE>', 'file with the key of an encrypted database')),
    once(new Option('--key-command <COMMAND>', 'command that prints the key or the passphrase')),
  ];
  const create = new Option('--create', 'create the database if it does not exist');
  parser.addOption(database === 'unused' ? db.hideHelp() : db);
  // Where the command creates the database anyway, the option is accepted and changes nothing.
  parser.addOption(database === 'existing' ? create : create.hideHelp());
  for (const key of keys) parser.addOption(database === 'unused' ? key.hideHelp() : key);
  parser.option('--verbose', 'print the cause and the stack of an error');
}

/** Returns the options that give the key. @throws {UsageError} when both are given */
function keyOptionsOf(leaf: Parser): Request['keyOptions'] {
  const keyFile = inherited<string>(leaf, 'keyFile', true);
  const keyCommand = inherited<string>(leaf, 'keyCommand', true);
  if (keyFile !== undefined && keyCommand !== undefined)
    throw new UsageError('--key-file and --key-command exclude each other', 'Give one of them');
  return { keyFile, keyCommand };
}

/** Returns the value of an option that may stand before or after the words of the command, but not at both places. */
function inherited<T>(leaf: Parser, name: string, refusesEmpty = false): T | undefined {
  const values: unknown[] = [];
  for (let parser: Parser | null = leaf; parser !== null; parser = parser.parent) {
    const value: unknown = parser.opts()[name];
    if (value === '' && refusesEmpty) throw isEmpty(`--${kebabCase(name)}`);
    if (value !== undefined && value !== '') values.push(value);
  }
  if (values.length > 1 && typeof values[0] === 'string') throw givenTwice(`--${kebabCase(name)}`);
  return values[0] as T | undefined;
}

/** Refuses an option with one value that is given twice, where the parser would take the last. Empty counts as not given. */
function once(option: Option): Option {
  return option.argParser((given: string, earlier: string | undefined) => {
    if (given !== '' && earlier !== undefined && earlier !== '') throw givenTwice(option.long ?? '');
    return given === '' ? (earlier ?? given) : given;
  });
}

/** Collects the values of an option that may be given several times. */
function collected(option: Option): Option {
  return option.argParser((given: string, earlier: readonly string[] | undefined) => [
    ...(earlier ?? []),
    given,
  ]);
}

function givenTwice(option: string): UsageError {
  return new UsageError(`${option} is given twice`, 'Give it once');
}

function optionOf(name: string, parameter: Parameter): Option {
  const word = `--${kebabCase(name)}`;
  const placeholder = placeholderOf(name, parameter);
  const single = ` <${placeholder}>`;
  const suffix = {
    nothing: '',
    one: single,
    repeated: single,
    many: ` <${placeholder}...>`,
    maybe: ` [${placeholder}]`,
  }[parameter.takes];
  const option = new Option(word + suffix, describe(parameter));
  // `--no-vacuum` is a flag of its own. The parser would take it for the opposite of `--vacuum`, and the last of both.
  option.negate = false;
  if (parameter.takes === 'repeated') return collected(option);
  return parameter.takes === 'one' ? once(option) : option;
}

function describe(parameter: Parameter): string {
  const remarks = [
    ...(parameter.readsStandardInput ? ['- reads standard input'] : []),
    ...(parameter.isRequired ? ['required'] : []),
    ...(parameter.shownDefault === undefined ? [] : [`default: ${parameter.shownDefault}`]),
  ];
  return remarks.length === 0 ? parameter.description : `${parameter.description} (${remarks.join('; ')})`;
}

async function parseValues(
  command: Command,
  leaf: Parser,
  standardInput: Caller['standardInput'],
): Promise<Record<string, unknown>> {
  const given = new Map<string, readonly string[]>();
  Object.entries(command.positionals).forEach(([name, parameter], index) => {
    const argument = withoutEmpty([leaf.args[index] ?? '']);
    const option = optionTexts(leaf, name, parameter);
    if (argument.length > 0 && option.length > 0) {
      const hint = 'Give it once; the other arguments can be given as options too';
      throw new UsageError(
        `${placeholderOf(name, parameter)} is given twice, as an argument and as --${kebabCase(name)}`,
        hint,
      );
    }
    given.set(name, [...argument, ...option]);
  });
  for (const [name, parameter] of Object.entries(command.options))
    given.set(name, optionTexts(leaf, name, parameter));
  refuseMisplaced(command, COMMANDS, leaf.args, given);
  refuseContradictions(command, given);

  const parameters = Object.entries({ ...command.positionals, ...command.options });
  for (const [name, parameter] of parameters) {
    if (!parameter.readsStandardInput || given.get(name)?.[0] !== '-') continue;
    given.set(name, withoutEmpty([await readStandardInput(standardInput())]));
  }
  const missing = parameters.filter(
    ([name, parameter]) => parameter.isRequired && given.get(name)?.length === 0,
  );
  if (missing.length > 0) {
    const names = missing.map(([name, parameter]) =>
      name in command.options ? `--${kebabCase(name)}` : placeholderOf(name, parameter),
    );
    throw new UsageError(`Missing required parameters: ${names.join(', ')}`, seeHelp(command.name));
  }
  return Object.fromEntries(
    parameters.map(([name, parameter]) => [
      name,
      parameter.parse(given.get(name) ?? [], placeholderOf(name, parameter)),
    ]),
  );
}

function refuseContradictions({ exclusive }: Command, given: ReadonlyMap<string, readonly string[]>): void {
  for (const pair of exclusive) {
    if (pair.some((name) => given.get(name)?.length === 0)) continue;
    const [one, other] = pair.map((name) => `--${kebabCase(name)}`);
    throw new UsageError(`${one} and ${other} exclude each other`, 'Give one of them');
  }
}

/**
 * Returns the texts given for an option. Empty texts count as not given, so scripts can pass unset variables.
 * @throws {UsageError} where nobody would notice that a key or a checkpoint was left out
 */
function optionTexts(leaf: Parser, name: string, parameter: Parameter): readonly string[] {
  const option = leaf.options.find((candidate) => candidate.long === `--${kebabCase(name)}`);
  const value: unknown = option && leaf.getOptionValue(option.attributeName());
  if (parameter.takes === 'nothing') return value === true ? ['yes'] : [];
  if (parameter.takes === 'maybe' && value === true) return [''];
  const texts = Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
  if (parameter.refusesEmpty && texts.includes('')) throw isEmpty(`--${kebabCase(name)}`);
  return withoutEmpty(texts);
}

function isEmpty(option: string): UsageError {
  return new UsageError(`${option} is empty`, 'Leave it out to go without it');
}

function withoutEmpty(texts: readonly string[]): readonly string[] {
  return texts.filter((given) => given !== '');
}
