/** Path of a command line from start to end: parse, run, print the error, return the exit code. */
import { CommanderError } from 'commander';
import { CallDeclined, ignoreStreamErrors, thisProcess, type Caller } from './caller.ts';
import type { Command } from './command.ts';
import { CommandContext } from './command-context.ts';
import { COMMAND_GROUPS, COMMANDS } from './commands/index.ts';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { failureDetails, failureLine, failureOf, UsageError } from './failures.ts';
import { DataOutput, OutputClosed } from './output/data-output.ts';
import { refuseOutputIntoAnyDatabase } from './output/redirected-output.ts';
import { buildProgram, type Request } from './program.ts';
import { seeHelp } from './help.ts';
import { listed } from './parameters.ts';
import { suggestedCommands, suggestedOption } from './suggestions.ts';
import { refuseUndecodableArguments } from './text-encoding.ts';

/**
 * Runs one command line of this process and prints everything there is to print.
 *
 * @param words - the arguments after the program's name
 * @returns the exit code
 */
export async function runCommandLine(words: readonly string[]): Promise<ExitCode> {
  ignoreStreamErrors();
  return runFor(thisProcess(), words);
}

/**
 * Runs one command line for a process.
 * @throws {CallDeclined} when another process must run it itself
 */
export async function runFor(caller: Caller, words: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODES.ok;
  let isVerbose = false;
  let parserOutput = '';
  // A parser of the one command that the words begin with parses them as that of all commands would, and is there sooner.
  const named = COMMANDS.filter(({ name }) => name === words.slice(0, 2).join(' ') && name.includes(' '));
  const program = buildProgram(
    named.length === 0 ? COMMANDS : named,
    async (request) => {
      ({ isVerbose } = request);
      exitCode = await run(request, caller);
    },
    (text) => (parserOutput += text),
    caller.standardInput,
  );
  const parse = async (): Promise<void> => {
    if (caller.openServed === undefined) {
      refuseOutputIntoAnyDatabase();
      refuseUndecodableArguments(words);
    }
    try {
      await program.parseAsync(words, { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      exitCode = parserExitCode(error, words, caller);
    }
    // Help and the version are data like any other: a full disk must not pass for success.
    if (parserOutput !== '') await new DataOutput(caller.stdout).writeSafe(parserOutput);
  };
  try {
    await parse();
    return exitCode;
  } catch (error) {
    if (error instanceof CallDeclined) throw error;
    if (isOutputClosed(error)) return EXIT_CODES.ok;
    printError(error, isVerbose, caller);
    return failureOf(error).exitCode;
  }
}

/** True when the reader closed standard output, also when the database reports that as the cause of a failed export. */
function isOutputClosed(error: unknown): boolean {
  return error instanceof OutputClosed || (error instanceof Error && isOutputClosed(error.cause));
}

async function run(
  { command, values, dbOption, create, keyOptions }: Request,
  caller: Caller,
): Promise<ExitCode> {
  const createsDatabase = create || command.database === 'created';
  const context = new CommandContext(dbOption, createsDatabase, keyOptions, caller);
  if (caller.openServed === undefined) context.interruption.listen();
  try {
    return (await command.run(values, context)) ?? EXIT_CODES.ok;
  } catch (error) {
    context.removeProgressBar();
    const { exitCode } = context.interruption;
    if (exitCode === undefined) throw error;
    printError(error, false, caller);
    return exitCode;
  } finally {
    context.removeProgressBar();
  }
}

function printError(error: unknown, isVerbose: boolean, { stderr }: Caller): void {
  stderr.write(`${failureLine(failureOf(error))}\n`);
  if (isVerbose) stderr.write(`${failureDetails(error)}\n`);
}

/** Maps the parser's throw to an exit code. It throws after printing help or the version, and on a wrong command line. */
function parserExitCode(error: CommanderError, words: readonly string[], caller: Caller): ExitCode {
  if (error.exitCode === 0) return EXIT_CODES.ok;
  if (error.code !== 'commander.help') printError(usageError(error, words), false, caller);
  return EXIT_CODES.usage;
}

function usageError({ message, code }: CommanderError, words: readonly string[]): UsageError {
  const [first = '', ...rest] = message.replace(/^error: /u, '').split('\n');
  const sentence = first.replace(/argument missing$/u, 'needs a value');
  const problem = sentence.charAt(0).toUpperCase() + sentence.slice(1);
  if (code === 'commander.unknownCommand') return unknownCommand(problem, words);
  const command = commandNamed(words);
  const option = command && code === 'commander.unknownOption' && suggestedOption(command, quotedIn(problem));
  const suggestion = option ? `Did you mean ${option}?` : rest.join(' ').replaceAll(/^\(|\)$/gu, '');
  return new UsageError(problem, suggestion === '' ? seeHelp(command?.name) : suggestion);
}

/** Makes the error for a command that does not exist, with the one that was probably meant. */
function unknownCommand(problem: string, words: readonly string[]): UsageError {
  const unknown = quotedIn(problem);
  const before = new Set(words.slice(0, words.indexOf(unknown)));
  const group = Object.keys(COMMAND_GROUPS).find((name) => before.has(name)) ?? '';
  const suggested = suggestedCommands(group, unknown).map((name) => `'ggen-sim ${name}'`);
  return new UsageError(
    problem,
    suggested.length === 0 ? seeHelp(group || undefined) : `Did you mean ${listed(suggested)}?`,
  );
}

/** Returns the word that the parser quotes in a message. */
function quotedIn(message: string): string {
  return /'(?<word>.*)'/su.exec(message)?.groups?.['word'] ?? '';
}

/** Returns the command that words call. Options may stand before and between the words of its name. */
function commandNamed(words: readonly string[]): Command | undefined {
  const named = COMMANDS.filter(({ name }) => {
    let from = 0;
    return name.split(' ').every((word) => (from = words.indexOf(word, from) + 1) > 0);
  });
  // `serve stop` is not `serve`.
  return named.find(({ name }) => named.every((other) => !other.name.startsWith(`${name} `)));
}
