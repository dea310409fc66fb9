/** Errors as one line on stderr and an exit code. */
import { getSystemErrorMap, inspect } from 'node:util';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { kebabCase } from './letter-case.ts';
import { printable } from './output/printable.ts';

/** Error for a wrong command line. Nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Error for a failure that the command itself detects. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  /** @param details - `exitCode` is that of the error code unless given */
  constructor(
    code: string,
    message: string,
    details: {
      readonly hint?: string | undefined;
      readonly cause?: unknown;
      readonly exitCode?: ExitCode;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? EXIT_CODES_BY_ERROR[code] ?? EXIT_CODES.failed;
  }
}

/** An error as it is printed. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

/** Maps an error thrown by a command to its code, message, hint and exit code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) {
    return { code: 'USAGE', message: error.message, hint: error.hint, exitCode: EXIT_CODES.usage };
  }
  if (error instanceof CommandFailure) {
    const { code, message, hint, exitCode } = error;
    return { code, message, hint, exitCode };
  }
  if (isCodedError(error)) {
    const { code } = error;
    return {
      code,
      message: code === 'ABORTED' ? interrupted(error) : messageWithLocation(error),
      hint: joined(inOptions(error.hint), KEY_HINTS[code]),
      exitCode: EXIT_CODES_BY_ERROR[code] ?? EXIT_CODES.failed,
    };
  }
  if (isSystemError(error)) {
    return { code: 'IO_ERROR', message: systemMessage(error), hint: undefined, exitCode: EXIT_CODES.failed };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message,
    hint: 'Run the command again with --verbose for details',
    exitCode: EXIT_CODES.failed,
  };
}

/** Formats `error[CODE]: message. hint` as one line; control characters in the texts become escapes. */
export function failureLine({
  code,
  message,
  hint,
}: Pick<Failure, 'code' | 'message'> & { readonly hint?: string | undefined }): string {
  const sentences = [message, hint].filter((text) => text !== undefined && text !== '');
  const text = sentences.map((sentence) => sentence?.replace(/\.$/u, '')).join('. ');
  return `error[${code}]: ${printable(text)}${/[.?!]$/u.test(text) ? '' : '.'}`;
}

/** Formats the error with its stack and its causes, for `--verbose`. Control characters become escapes in each line. */
export function failureDetails(error: unknown): string {
  return inspect(error, { depth: 8 }).split('\n').map(printable).join('\n');
}

const EXIT_CODES_BY_ERROR: Readonly<Record<string, ExitCode>> = {
  ADDRESS_REFUSED: EXIT_CODES.usage,
  INVALID_ARGUMENT: EXIT_CODES.usage,
  SYNC_TARGET_INVALID: EXIT_CODES.usage,
  ABORTED: EXIT_CODES.interrupted,
};

/** Ends of the library's hints that name what only a program can do. */
const FOR_PROGRAMS_ONLY = /, or pass singleProcess: true\b.*$/u;

/** Methods and options that hints of the library name, where the command has another name than an option would. */
const COMMANDS_BY_METHOD: Readonly<Record<string, string>> = {
  verify: "'ggen-sim db verify'",
  enableHistory: "'ggen-sim db history enable'",
  listHolds: "'ggen-sim db hold list'",
  removeHold: "'ggen-sim db hold remove'",
  removeRetentionPolicy: "'ggen-sim db retention remove'",
  memoryConflicts: "'ggen-sim db memory conflicts'",
  openTarget: "'ggen-sim sync init'",
  pull: "'ggen-sim sync pull'",
  push: "'ggen-sim sync push'",
  renewOrigin: "'ggen-sim sync renew-origin'",
  setTarget: "'ggen-sim sync init'",
  synchronise: "'ggen-sim sync run'",
  tls: '--tls-cert and --tls-key',
};

/** Remedies for a database whose key is missing or wrong, after what the library says. */
const KEY_HINTS: Readonly<Record<string, string>> = {
  KEY_REQUIRED: 'Give the key with --key-file FILE or --key-command COMMAND, or in the variable GGEN_SIM_KEY',
  WRONG_KEY: 'The key is that of --key-file or --key-command, else that of the variable GGEN_SIM_KEY',
};

/** Joins the sentences of a hint. */
function joined(...texts: readonly (string | undefined)[]): string | undefined {
  const given = texts.filter((text) => text !== undefined).map((text) => text.replace(/\.$/u, ''));
  return given.length === 0 ? undefined : given.join('. ');
}

/** Spells the options and methods that a hint of the library has in backticks as the command line does. */
function inOptions(hint: string | undefined): string | undefined {
  return hint === undefined ? undefined : inCommands(hint.replace(FOR_PROGRAMS_ONLY, ''));
}

/** Does the same for a text that is there. */
export function inCommands(text: string): string {
  return text.replaceAll(
    /`(\w+)`/gu,
    (_, name: string) => COMMANDS_BY_METHOD[name] ?? `--${kebabCase(name)}`,
  );
}

/** Members shared by the errors of the database, of the agents, of the server and of the synchronisation. */
interface CodedError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly location?: { readonly name: string; readonly line: number; readonly column: number } | undefined;
  readonly file?: string | undefined;
}

const CODED_ERRORS: ReadonlySet<string> = new Set([
  'PersistenceError',
  'AgentError',
  'ServeError',
  'SyncError',
]);

/** Recognises an error by its name. Its class would have to be loaded, and a command that fails early never loads it. */
function isCodedError(error: unknown): error is CodedError {
  return error instanceof Error && CODED_ERRORS.has(error.name) && 'code' in error;
}

/** True for an error of the database with this code. */
export function hasCode(error: unknown, code: string): error is CodedError {
  return isCodedError(error) && error.code === code;
}

/** On the command line, what aborts an operation of the database is a signal. What a cleanup deleted before stays. */
function interrupted(error: CodedError): string {
  return messageWithLocation(error).replace(/^Aborted by the caller/u, 'Interrupted');
}

/** Puts `file:line:column:` before the message, as compilers do; editors and terminals make it a link. */
export function messageWithLocation({
  message,
  location,
  file,
}: Pick<CodedError, 'message' | 'location' | 'file'>): string {
  if (location !== undefined) return `${location.name}:${location.line}:${location.column}: ${message}`;
  return file === undefined ? message : `${file}: ${message}`;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

/** What a system call without a path is about. */
const SUBJECTS: Readonly<Record<string, string>> = {
  uv_cwd: 'The current directory',
  write: 'Standard output',
  read: 'Standard input',
};

function systemMessage(error: NodeJS.ErrnoException): string {
  const { path, syscall = 'write' } = error;
  return `${path ?? SUBJECTS[syscall] ?? syscall}: ${reasonOf(error)}`;
}

/** Words of the operating system that need another to be understood. */
const PLAIN_WORDS: Readonly<Record<string, string>> = {
  'illegal operation on a directory': 'it is a folder',
  'not a directory': 'a part of the path is not a folder',
};

/** Returns the operating system's words for an error, without a path or a code. */
export function reasonOf(error: unknown): string {
  const errno = isSystemError(error) ? (error.errno ?? 0) : 0;
  const words = getSystemErrorMap().get(errno)?.[1];
  if (words === undefined) return error instanceof Error ? error.message : String(error);
  return PLAIN_WORDS[words] ?? words;
}
