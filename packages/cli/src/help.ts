/** Text of `--help` that the parser does not write by itself: examples, exit codes, environment. */
import { Help, type Argument, type Command as Parser, type HelpConfiguration } from 'commander';
import type { Command } from './command.ts';
import { COMMAND_GROUPS } from './commands/index.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { placeholderOf } from './parameters.ts';
import { kebabCase } from './letter-case.ts';

/** Formats positional arguments for a usage line, optional ones in brackets. */
export function positionalTerms(command: Command): string[] {
  return Object.entries(command.positionals).map(([name, parameter]) => {
    const placeholder = placeholderOf(name, parameter);
    return parameter.isRequired ? placeholder : `[${placeholder}]`;
  });
}

/** Layout of the help pages. */
export const HELP_CONFIGURATION: HelpConfiguration = {
  showGlobalOptions: false,
  subcommandTerm: (parser: Parser) => pathOf(parser).slice(1).join(' '),
  visibleCommands: (parser: Parser) =>
    parser.commands
      .flatMap<Parser>((child) => (isGroup(child) ? child.commands : [child, ...child.commands]))
      .filter((child) => child.name() !== 'help'),
  argumentTerm: (argument: Argument) => argument.name(),
  commandUsage(this: Help, parser: Parser): string {
    const usage = [...pathOf(parser), parser.usage()].join(' ');
    return wrapped(usage, 'Usage: '.length);
  },
};

/** True for words that are no command by themselves (`db`). */
function isGroup(parser: Parser): boolean {
  return parser.commands.length > 0 && parser.name() in COMMAND_GROUPS;
}

const HELP_WIDTH_COLUMNS = 80;

/** Wraps a text between words and indents every line but the first. */
function wrapped(text: string, indentColumns: number): string {
  const lines = new Help().boxWrap(text, HELP_WIDTH_COLUMNS - indentColumns).split('\n');
  return lines.map((line) => line.trim()).join(`\n${' '.repeat(indentColumns)}`);
}

function pathOf(parser: Parser | null): string[] {
  return parser === null ? [] : [...pathOf(parser.parent), parser.name()];
}

const COMMON_EXIT_CODES: Readonly<Record<number, string>> = {
  [EXIT_CODES.ok]: 'success',
  [EXIT_CODES.failed]: 'the operation failed',
  [EXIT_CODES.usage]: 'wrong command line; nothing was done',
  [EXIT_CODES.interrupted]: 'interrupted; no partial files are left',
};

/** Writes the end of a command's help page. */
export function leafHelp(command: Command): string {
  const options = Object.keys(command.positionals).map((name) => `--${kebabCase(name)}`);
  const optionNotes =
    options.length === 0
      ? []
      : [
          '',
          wrapped(`Arguments can also be given as options: ${options.join(' ')}`, 2),
          'A value that starts with - goes after -- or as --option=value.',
        ];
  return [
    ...optionNotes,
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example.replaceAll('\n', '\n  ')}`),
    ...exitCodeLines({ ...COMMON_EXIT_CODES, ...command.ownExitCodes }),
  ].join('\n');
}

/** Writes the end of a group's help page. */
export function groupHelp(name: string, members: readonly Command[]): string {
  const example = members.find((command) => command.examples.length > 0)?.examples[0];
  return [
    '',
    `'ggen-sim ${name} COMMAND --help' shows arguments, defaults and examples.`,
    ...(example === undefined ? [] : ['', 'Example:', `  ${example}`]),
    ...exitCodeLines(COMMON_EXIT_CODES),
  ].join('\n');
}

/** End of the program's help page. */
export const ROOT_HELP: string = [
  '',
  "'ggen-sim COMMAND --help' shows arguments, defaults and examples.",
  '',
  'Examples:',
  '  ggen-sim start',
  `  ggen-sim db save-receipt exec-001 validator-1 validation '{"status":"success"}'`,
  `  ggen-sim db query-receipts "validator-*" json | jq '.[] | {execution_id, status}'`,
  '  eval "$(ggen-sim shell-init bash)"',
  '',
  'Environment (an empty variable counts as not set):',
  '  DB_PATH        database file',
  '  DB_DIR         directory of the database file ggen.db',
  '  WORKSPACE_DIR  workspace; the database file is .ggen/ggen.db in it',
  '  SCRIPT_DIR     directory of workspace/ (default: the current directory)',
  '  GGEN_SIM_KEY   key of an encrypted database: 64 hexadecimal digits, or a passphrase',
  '  GGEN_SIM_NEW_KEY  key that db rekey gives it',
  '  GGEN_SIM_SYNC_TOKEN  token of the hub that this database synchronises over',
  '  GGEN_SIM_SYNC_NATS   nats:// or tls:// of a NATS server, for a database synchronised over PostgreSQL',
  '  GGEN_SIM_SERVE   off: open the file also while ggen-sim serve has it',
  '  NO_COLOR       no colours, even on a terminal',
  ...exitCodeLines({
    ...COMMON_EXIT_CODES,
    [EXIT_CODES.violations]: 'a validation found violations',
    [EXIT_CODES.incomplete]: 'a validation could not check everything',
    [EXIT_CODES.notSaved]: 'a validation has ended, but its receipt is not saved',
  }),
].join('\n');

/** Makes the hint that points to a help page. */
export function seeHelp(commandName?: string): string {
  return commandName === undefined ? "See 'ggen-sim --help'" : `See 'ggen-sim ${commandName} --help'`;
}

function exitCodeLines(meanings: Readonly<Record<number, string>>): string[] {
  return [
    '',
    'Exit codes:',
    ...Object.entries(meanings).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}`),
  ];
}
