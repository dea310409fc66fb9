/** What `--help` says beyond what the parser knows by itself: examples, exit codes, environment. */
import { Help, type Argument, type Command as Parser, type HelpConfiguration } from 'commander';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { placeholderOf } from './parameters.ts';
import { kebabCase } from './letter-case.ts';

/** Positional arguments as a usage line shows them, optional ones in brackets. */
export function positionalTerms(command: Command): string[] {
  return Object.entries(command.positionals).map(([name, input]) => {
    const placeholder = placeholderOf(name, input);
    return input.isRequired ? placeholder : `[${placeholder}]`;
  });
}

/** How the parser lays help out. */
export const helpConfiguration: HelpConfiguration = {
  showGlobalOptions: false,
  subcommandTerm: (parser: Parser) => pathOf(parser).slice(1).join(' '),
  visibleCommands: (parser: Parser) =>
    parser.commands.flatMap<Parser>((child) => (child.commands.length > 0 ? child.commands : [child])),
  argumentTerm: (argument: Argument) => argument.name(),
  commandUsage(this: Help, parser: Parser): string {
    const usage = [...pathOf(parser), parser.usage()].join(' ');
    return wrapped(usage, 'Usage: '.length);
  },
};

const helpWidthColumns = 80;

/** Breaks a text between words, indenting every line but the first. */
function wrapped(text: string, indentColumns: number): string {
  const lines = new Help().boxWrap(text, helpWidthColumns - indentColumns).split('\n');
  return lines.map((line) => line.trim()).join(`\n${' '.repeat(indentColumns)}`);
}

function pathOf(parser: Parser | null): string[] {
  return parser === null ? [] : [...pathOf(parser.parent), parser.name()];
}

const commonExitCodes: Readonly<Record<number, string>> = {
  [exitCodes.ok]: 'ok',
  [exitCodes.failed]: 'the operation failed',
  [exitCodes.usage]: 'the command line is wrong, nothing was done',
  [exitCodes.interrupted]: 'interrupted, nothing half-written',
};

/** The end of a command's help. */
export function leafHelp(command: Command): string {
  const flags = Object.keys(command.positionals).map((name) => `--${kebabCase(name)}`);
  const flagNotes =
    flags.length === 0
      ? []
      : [
          '',
          wrapped(`Arguments can also be given as flags: ${flags.join(' ')}`, 2),
          'A value that begins with - goes after -- or as --flag=value.',
        ];
  return [
    ...flagNotes,
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example.replaceAll('\n', '\n  ')}`),
    ...exitCodeLines({ ...commonExitCodes, ...command.ownExitCodes }),
  ].join('\n');
}

/** The end of a group's help. */
export function groupHelp(members: readonly Command[]): string {
  const example = members.find((command) => command.examples.length > 0)?.examples[0];
  return [
    '',
    "'help COMMAND' or 'COMMAND --help' lists arguments, defaults and examples.",
    ...(example === undefined ? [] : ['', 'Example:', `  ${example}`]),
    ...exitCodeLines(commonExitCodes),
  ].join('\n');
}

/** The end of the program's help. */
export const rootHelp: string = [
  '',
  "'ggen-sim COMMAND --help' lists a command's arguments, defaults and examples.",
  '',
  'Examples:',
  '  ggen-sim start',
  `  ggen-sim db save-receipt exec-001 validator-1 validation '{"status":"success"}'`,
  `  ggen-sim db query-receipts "validator-*" json | jq '.[] | {execution_id, status}'`,
  '  eval "$(ggen-sim shell-init bash)"',
  '',
  'Environment (an empty variable counts as not set):',
  '  DB_PATH        the database file',
  '  DB_DIR         its folder; the file is ggen.db',
  '  WORKSPACE_DIR  the workspace; the file is .ggen/ggen.db in it',
  '  SCRIPT_DIR     the folder of workspace/ (default: the current folder)',
  '  NO_COLOR       no colour, even on a terminal',
  ...exitCodeLines({ ...commonExitCodes, [exitCodes.violations]: 'a validation found violations' }),
].join('\n');

function exitCodeLines(meanings: Readonly<Record<number, string>>): string[] {
  return [
    '',
    'Exit codes:',
    ...Object.entries(meanings).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}`),
  ];
}
