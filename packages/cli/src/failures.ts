/** What went wrong, in the one line that is written to stderr, and the exit code it means. */
import { getSystemErrorMap, inspect } from 'node:util';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { printable } from './output/printable.ts';

/** The command line is wrong: nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The operation failed for a reason the command itself can name. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: string;
  readonly hint: string | undefined;

  constructor(
    code: string,
    message: string,
    details: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }
}

/** A failure ready to be shown. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

/** What an error thrown by a command means to the caller. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) {
    return { code: 'USAGE', message: error.message, hint: error.hint, exitCode: exitCodes.usage };
  }
  if (error instanceof CommandFailure) {
    return { code: error.code, message: error.message, hint: error.hint, exitCode: exitCodes.failed };
  }
  if (isCodedError(error)) {
    const { code, hint } = error;
    return { code, message: placedMessage(error), hint, exitCode: codedExitCodes[code] ?? exitCodes.failed };
  }
  if (isSystemError(error)) {
    return { code: 'IO_ERROR', message: systemMessage(error), hint: undefined, exitCode: exitCodes.failed };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message,
    hint: 'Run it again with --verbose for the details',
    exitCode: exitCodes.failed,
  };
}

/** `error[CODE]: what. hint` on one line, whatever the texts hold. */
export function failureLine({ code, message, hint }: Failure): string {
  const sentences = [message, hint].filter((text) => text !== undefined && text !== '');
  const text = sentences.map((sentence) => sentence?.replace(/\.$/u, '')).join('. ');
  return `error[${code}]: ${printable(text)}${/[.?!]$/u.test(text) ? '' : '.'}`;
}

/** The error with its stack and its chain of causes, for `--verbose`: line by line as safe to show as the line above it. */
export function failureDetails(error: unknown): string {
  return inspect(error, { depth: 8 }).split('\n').map(printable).join('\n');
}

const codedExitCodes: Readonly<Record<string, ExitCode>> = {
  INVALID_ARGUMENT: exitCodes.usage,
  ABORTED: exitCodes.interrupted,
};

/** What the errors of the database and of the agents have in common. */
interface CodedError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly location?: { readonly name: string; readonly line: number; readonly column: number } | undefined;
}

/** By name, not by class: the classes live in code that a command that failed early never loaded. */
function isCodedError(error: unknown): error is CodedError {
  return (
    error instanceof Error &&
    (error.name === 'PersistenceError' || error.name === 'AgentError') &&
    'code' in error
  );
}

/** A place in a file the way compilers write it, which editors and terminals make a link of. */
function placedMessage({ message, location }: CodedError): string {
  return location === undefined
    ? message
    : `${location.name}:${location.line}:${location.column}: ${message}`;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

function systemMessage(error: NodeJS.ErrnoException): string {
  const reason = getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.message;
  return `${error.path ?? error.syscall ?? 'standard output'}: ${reason}`;
}
