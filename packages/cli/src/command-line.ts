/** The whole path of a command line: parse, run, tell, answer an exit code. */
import { CommanderError } from 'commander';
import { CommandContext } from './command-context.ts';
import { commands } from './commands/index.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { failureDetails, failureLine, failureOf, UsageError } from './failures.ts';
import { OutputClosed } from './output/data-output.ts';
import { buildProgram, seeHelp, type Request } from './program.ts';

/**
 * Runs one command line.
 *
 * @param words - the arguments after the program's name
 * @returns the exit code; everything there is to say has been said
 */
export async function runCommandLine(words: readonly string[]): Promise<ExitCode> {
  ignoreStreamErrors();
  let exitCode: ExitCode = exitCodes.ok;
  let isVerbose = false;
  const program = buildProgram(async (request) => {
    ({ isVerbose } = request);
    exitCode = await run(request);
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (isOutputClosed(error)) return exitCodes.ok;
    if (error instanceof CommanderError) return parserOutcome(error, words);
    tell(error, isVerbose);
    return failureOf(error).exitCode;
  }
}

/** A stream without a listener would end the process with a stack trace, for instance help piped to `head`. */
function ignoreStreamErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Also where the database reports it as the cause of an export that could not go on. */
function isOutputClosed(error: unknown): boolean {
  return error instanceof OutputClosed || (error instanceof Error && isOutputClosed(error.cause));
}

async function run({ command, values, dbFlag }: Request): Promise<ExitCode> {
  const context = new CommandContext(dbFlag);
  context.interruption.watch();
  try {
    return (await command.run(values, context)) ?? exitCodes.ok;
  } catch (error) {
    context.end();
    const { exitCode } = context.interruption;
    if (exitCode === undefined) throw error;
    tell(error, false);
    return exitCode;
  } finally {
    context.end();
  }
}

function tell(error: unknown, isVerbose: boolean): void {
  process.stderr.write(`${failureLine(failureOf(error))}\n`);
  if (isVerbose) process.stderr.write(`${failureDetails(error)}\n`);
}

/** The parser ends by throwing: after help and version, which it has printed, and when the command line is wrong. */
function parserOutcome(error: CommanderError, words: readonly string[]): ExitCode {
  if (error.exitCode === 0) return exitCodes.ok;
  if (error.code !== 'commander.help') tell(usageError(error, words), false);
  return exitCodes.usage;
}

function usageError({ message, code }: CommanderError, words: readonly string[]): UsageError {
  const [first = '', ...rest] = message.replace(/^error: /u, '').split('\n');
  const what = first.charAt(0).toUpperCase() + first.slice(1);
  const belongsToDb = commands.find(({ name }) => name === `db ${words[0]}`);
  if (code === 'commander.unknownCommand' && belongsToDb) {
    return new UsageError(what, `Did you mean 'ggen-sim ${belongsToDb.name}'?`);
  }
  const suggestion = rest.join(' ').replaceAll(/^\(|\)$/gu, '');
  const meant = commands.find(({ name }) => `${words.join(' ')} `.startsWith(`${name} `));
  return new UsageError(what, suggestion === '' ? seeHelp(meant?.name) : suggestion);
}
