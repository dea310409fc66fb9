/** Sources of the key of an encrypted database. No message contains any part of a key. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CommandFailure, reasonOf, UsageError } from './failures.ts';

/** Names of the options and of the variable that give a key. */
export interface KeyNames {
  readonly file: string;
  readonly command: string;
  readonly variable: string;
}

/** Sources of the key of a database. */
export const KEY_NAMES: KeyNames = {
  file: '--key-file',
  command: '--key-command',
  variable: 'GGEN_SIM_KEY',
};

/** Sources of the key that a database gets. */
export const NEW_KEY_NAMES: KeyNames = {
  file: '--new-key-file',
  command: '--new-key-command',
  variable: 'GGEN_SIM_NEW_KEY',
};

/** Key of an encrypted database, as the library takes it: 32 bytes, or a passphrase. */
export type Key = Uint8Array | string;

/** Where a key can come from. */
export interface KeySources {
  /** Value of `--key-file`. */
  readonly keyFile: string | undefined;
  /** Value of `--key-command`. */
  readonly keyCommand: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const KEY_SIZE_BYTES = 32;

/** Bits of a mode that let others read a file. */
const READABLE_BY_OTHERS = 0o044;

/** More than any key file has: 64 digits and a line end. */
const MAX_FILE_BYTES = 128;
const MAX_OUTPUT_BYTES = 64 * 1024;

const HEXADECIMAL_KEY = /^[0-9a-f]{64}$/iu;

/**
 * Reads the key: from the option that is given, else from the variable.
 * @param warn - receives a warning for the user
 * @param names - names of the sources
 * @throws {UsageError} when the source holds no key
 * @throws {CommandFailure} KEY_COMMAND_FAILED, NOT_FOUND, IO_ERROR
 */
export async function readKey(
  sources: KeySources,
  warn: (text: string) => void,
  names: KeyNames = KEY_NAMES,
): Promise<Key | undefined> {
  const { keyFile, keyCommand, environment } = sources;
  if (keyFile) return readKeyFile(keyFile, warn);
  if (keyCommand) return outputOf(keyCommand, names.command);
  const given = environment[names.variable];
  if (given === undefined) return undefined;
  // That is what `$(cat FILE)` leaves of a file that is missing: without a key, everyone could read what is stored next.
  if (given === '') throw new UsageError(`${names.variable} is empty`, 'Unset it where no key is wanted');
  return keyOf(given, names.variable);
}

/** Reads 64 hexadecimal digits, also as SQLCipher writes them, as a key, and any other text as a passphrase. */
function keyOf(text: string, source: string): Key {
  if (HEXADECIMAL_KEY.test(text)) return fromHexadecimal(text);
  if (!text.startsWith("x'")) return text;
  const digits = /^x'(?<digits>[0-9a-f]{64})'$/iu.exec(text)?.groups?.['digits'];
  if (digits !== undefined) return fromHexadecimal(digits);
  throw new UsageError(`${source} begins with x' and is not followed by 64 hexadecimal digits and '`);
}

function fromHexadecimal(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

function readKeyFile(file: string, warn: (text: string) => void): Uint8Array {
  const { bytes, isShared } = readStart(file);
  if (isShared) warn(`Others can read the key file ${file}. Make it yours alone with 'chmod 600'`);
  const digits = bytes.toString('latin1').replace(/\r?\n$/u, '');
  if (HEXADECIMAL_KEY.test(digits)) return fromHexadecimal(digits);
  const hasNewline = bytes.length === KEY_SIZE_BYTES + 1 && bytes.at(-1) === 0x0a;
  if (bytes.length === KEY_SIZE_BYTES || hasNewline)
    return Uint8Array.from(bytes.subarray(0, KEY_SIZE_BYTES));
  throw new UsageError(
    `The key file ${file} holds neither 64 hexadecimal digits nor 32 bytes`,
    "Make one with 'openssl rand -hex 32'",
  );
}

function readStart(file: string): { readonly bytes: Buffer; readonly isShared: boolean } {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const status = fstatSync(descriptor);
      const isShared =
        process.platform !== 'win32' && status.isFile() && (status.mode & READABLE_BY_OTHERS) !== 0;
      const bytes = Buffer.alloc(MAX_FILE_BYTES);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = readSync(descriptor, bytes, length, bytes.length - length, null);
      return { bytes: bytes.subarray(0, length), isShared };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'NOT_FOUND' : 'IO_ERROR';
    throw new CommandFailure(code, `The key file ${file}: ${reasonOf(cause)}`, { cause });
  }
}

/** Runs a command in the shell. It may ask on the terminal; messages of its own go to stderr. */
async function outputOf(command: string, option: string): Promise<Key> {
  const keyCommandFailed = (reason: string): CommandFailure => failedCommand(option, reason);
  const { spawn } = await import('node:child_process');
  const output: Buffer[] = [];
  let sizeBytes = 0;
  const ended = await new Promise<{ readonly code: number | null; readonly signal: string | null }>(
    (resolve, reject) => {
      const child = spawn(command, { shell: true, stdio: ['inherit', 'pipe', 'inherit'] });
      child.stdout.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes <= MAX_OUTPUT_BYTES) output.push(chunk);
        else {
          // What writes gets SIGPIPE, also a process that the shell has started.
          child.stdout.destroy();
          child.kill();
        }
      });
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal }));
    },
  ).catch((cause: unknown) => {
    throw keyCommandFailed(`cannot be started: ${reasonOf(cause)}`);
  });
  if (sizeBytes > MAX_OUTPUT_BYTES) throw keyCommandFailed('prints more than a key');
  if (ended.code !== 0) {
    const status = ended.signal ?? `exit code ${ended.code}`;
    throw keyCommandFailed(`ended with ${status}${notFound(ended.code)}`);
  }
  const text = decoded(Buffer.concat(output), keyCommandFailed).replace(/\r?\n$/u, '');
  if (text === '') throw keyCommandFailed('printed nothing');
  return keyOf(text, `What ${option} prints`);
}

/** Tells the exit code with which a shell says that there is no such command. */
function notFound(exitCode: number | null): string {
  return exitCode === 127 ? ': the shell did not find it' : '';
}

function decoded(bytes: Uint8Array, keyCommandFailed: (reason: string) => CommandFailure): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw keyCommandFailed('prints what is not UTF-8');
  }
}

/** The command is not quoted: it may contain a secret. */
function failedCommand(option: string, reason: string): CommandFailure {
  return new CommandFailure('KEY_COMMAND_FAILED', `The command of ${option} ${reason}`, {
    hint: 'It must print 64 hexadecimal digits or a passphrase, and end with 0. Nothing was changed',
  });
}
