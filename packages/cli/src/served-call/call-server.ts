/**
 * Has a call answered by the `serve` that has its database open, which saves loading SQLite. Whatever is in the way, the call
 * opens the file itself, as if there were no server; only a save whose answer got lost is an error, because repeating it
 * could save twice. This file is loaded by every such call, so it imports next to nothing.
 */
import { fstatSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { ignoreStreamErrors, terminalOf } from '../caller.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { Interruption } from '../interruption.ts';
import { databasePath } from '../locations.ts';
import { DataOutput, OutputClosed } from '../output/data-output.ts';
import { PROGRAM_VERSION } from '../program-version.ts';
import {
  callSocketPath,
  lineOf,
  linesOf,
  MAX_INPUT_BYTES,
  servedUse,
  socketName,
  type CallAnswer,
  type Greeting,
} from './messages.ts';

/** Result of a call. */
export interface CallOutcome {
  /** Undefined when the call must do it itself. */
  readonly exitCode?: number | undefined;
  /** What it has read of standard input by then: nobody can read it again. */
  readonly standardInput?: Uint8Array | undefined;
}

/** Time for a server to greet. One that is stopped or overloaded is passed over: it has heard nothing yet. */
const GREETING_MS = 1000;

/** Variables that decide which database it is (`locations.ts`). */
const PATH_VARIABLES = ['DB_PATH', 'DB_DIR', 'WORKSPACE_DIR', 'SCRIPT_DIR'];

/** Stands for undecodable bytes (`text-encoding.ts`), which only the call itself can recognise. */
const REPLACEMENT = '\uFFFD';

/** Bits of a mode that let others use a file. */
const OTHERS = 0o077;

const NOT_SERVED: CallOutcome = {};

/** A database and the socket of what may be its server. */
interface Target {
  readonly file: { readonly device: string; readonly inode: string };
  readonly socketPath: string;
}

/**
 * Has a command line run by a server and prints what it answers.
 * @param words - the arguments after the program's name
 */
export async function callServer(words: readonly string[]): Promise<CallOutcome> {
  const environment: Record<string, string> = {};
  for (const name of PATH_VARIABLES) if (process.env[name]) environment[name] = process.env[name];
  let currentDirectory: string;
  let target: Target | undefined;
  try {
    if (servedUse(words) === undefined || mustRunItself(words)) return NOT_SERVED;
    currentDirectory = process.cwd();
    const texts = [...words, ...Object.values(environment), currentDirectory];
    if (texts.some((text) => text.includes(REPLACEMENT))) return NOT_SERVED;
    target = targetOf(databasePath({ dbOption: databaseOption(words), environment, currentDirectory }));
    if (target === undefined || (await isOutputIntoDatabase())) return NOT_SERVED;
  } catch {
    return NOT_SERVED;
  }
  new Interruption().listen();
  ignoreStreamErrors();
  const socket = connect(socketName(target.socketPath));
  // What goes wrong ends the lines, too.
  socket.on('error', () => undefined);
  try {
    const { stdout } = process;
    const request = lineOf({
      words,
      environment,
      currentDirectory,
      terminal: terminalOf(stdout),
      isTerminal: stdout.isTTY,
    });
    const isRepeatable = servedUse(words) === 'reads' || words.includes('--if-absent');
    return await converse(socket, target, request, isRepeatable);
  } finally {
    socket.destroy();
  }
}

/** True for what another process cannot do in place of this one. */
function mustRunItself(words: readonly string[]): boolean {
  const isOwn = (word: string): boolean => word.startsWith('--key') || word === '--verbose';
  return process.env['GGEN_SIM_KEY'] !== undefined || words.some(isOwn);
}

/**
 * Finds the value of `--db`. A value of another option may look like it; then another database is asked for, and its server
 * declines.
 */
function databaseOption(words: readonly string[]): string | undefined {
  const index = words.findIndex((word) => word === '--db' || word.startsWith('--db='));
  const word = words[index];
  return word === '--db' ? words[index + 1] : word?.slice('--db='.length);
}

/** Returns the file and the socket beside it; undefined where there is none of this user alone. */
function targetOf(path: string): Target | undefined {
  const realPath = realpathSync(path);
  const socketPath = callSocketPath(realPath);
  const socket = lstatSync(socketPath, { throwIfNoEntry: false });
  // Another user's socket would be given what is to be saved.
  if (!socket?.isSocket() || socket.uid !== process.getuid?.() || (socket.mode & OTHERS) !== 0)
    return undefined;
  const { dev, ino } = statSync(realPath, { bigint: true });
  return { socketPath, file: { device: String(dev), inode: String(ino) } };
}

/** True when standard output or error may go into a database. Only then the check is loaded. */
async function isOutputIntoDatabase(): Promise<boolean> {
  if (![1, 2].some((descriptor) => fstatSync(descriptor).isFile())) return false;
  const { outputIntoAnyDatabase } = await import('../output/redirected-output.ts');
  return outputIntoAnyDatabase() !== undefined;
}

async function converse(
  socket: Socket,
  { file }: Target,
  request: string,
  isRepeatable: boolean,
): Promise<CallOutcome> {
  const output = new DataOutput(process.stdout);
  let isSent = false;
  let hasPrinted = false;
  let standardInput: Uint8Array | undefined;
  const lines = linesOf(socket);
  socket.setTimeout(GREETING_MS, () => socket.destroy());
  for (let line = await nextOf(lines); line !== undefined; line = await nextOf(lines)) {
    if (!isSent) {
      if (!isGreetingOf(line, file)) return NOT_SERVED;
      socket.setTimeout(0);
      isSent = true;
      socket.write(request);
      continue;
    }
    const answer = line as CallAnswer;
    if ('exitCode' in answer) return { exitCode: answer.exitCode };
    if ('declined' in answer) return { standardInput };
    try {
      if ('wantsStandardInput' in answer) {
        standardInput = await standardInputBytes();
        if (standardInput.length > MAX_INPUT_BYTES) return { standardInput };
        socket.write(lineOf({ base64: Buffer.from(standardInput).toString('base64') }));
        continue;
      }
      hasPrinted = true;
      if ('stdout' in answer) await output.writeSafe(answer.stdout);
      else process.stderr.write(answer.stderr);
    } catch (error) {
      return error instanceof OutputClosed ? { exitCode: EXIT_CODES.ok } : reportFailure(error);
    }
  }
  if (!isSent || (isRepeatable && !hasPrinted)) return { standardInput };
  return reportFailure(await serverLost(isRepeatable));
}

/** Returns the next line; undefined at the end, also where the connection is cut or is none, or speaks another language. */
async function nextOf(lines: AsyncGenerator<unknown, void>): Promise<object | undefined> {
  try {
    const { value } = await lines.next();
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isGreetingOf(line: object, { device, inode }: Target['file']): boolean {
  const greeting = line as Partial<Greeting>;
  return greeting.version === PROGRAM_VERSION && greeting.device === device && greeting.inode === inode;
}

async function standardInputBytes(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function serverLost(isRepeatable: boolean): Promise<Error> {
  const { CommandFailure } = await import('../failures.ts');
  return isRepeatable
    ? new CommandFailure('SERVER_LOST', 'The server of the database ended before the output was complete', {
        hint: 'Run the command again',
      })
    : new CommandFailure(
        'SERVER_LOST',
        'The server of the database ended before it answered, so it is not known whether this is saved',
        { hint: 'Look for it before saving it again; saving a receipt with --if-absent is safe' },
      );
}

/** Prints an error as the program does. */
async function reportFailure(error: unknown): Promise<CallOutcome> {
  const { failureLine, failureOf } = await import('../failures.ts');
  const failure = failureOf(error);
  process.stderr.write(`${failureLine(failure)}\n`);
  return { exitCode: failure.exitCode };
}
