/** The process that a command line is run for: this one, or another that has passed its command line to `serve`. */
import type { Persistence } from '@ggen-sim/core';
import type { OutputStream } from './output/data-output.ts';

/** The terminal behind standard output. */
export interface Terminal {
  /** Width in columns; `undefined` when output goes to a file or a pipe and needs no fitting. */
  readonly widthColumns: number | undefined;
  readonly hasColors: boolean;
}

/** What a command has of the process that it is run for. */
export interface Caller {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @throws the system's error when the directory is no more */
  readonly currentDirectory: () => string;
  readonly standardInput: () => AsyncIterable<Uint8Array>;
  readonly stdout: OutputStream;
  readonly stderr: { readonly write: (text: string) => unknown };
  readonly terminal: () => Terminal;
  /**
   * Returns the database that is open already, for another process, which has made the checks of its own arguments and
   * descriptors and hears its own signals. Undefined for this process.
   * @throws {CallDeclined} when that is not the database that the command names
   */
  readonly openServed?: (databasePath: string, isKeyGiven: boolean) => Persistence;
}

/** Thrown when a command that another process has passed on must be run by that process itself. Nothing was done. */
export class CallDeclined extends Error {
  override readonly name = 'CallDeclined';
}

/** This process. */
export function thisProcess(): Caller {
  return {
    environment: process.env,
    currentDirectory: () => process.cwd(),
    standardInput: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    terminal: () => terminalOf(process.stdout),
  };
}

/** Returns what is known of the terminal behind a stream. */
export function terminalOf(stdout: NodeJS.WriteStream): Terminal {
  return {
    widthColumns: stdout.isTTY ? stdout.columns : undefined,
    hasColors: stdout.isTTY && stdout.hasColors(),
  };
}

/** Adds a listener for stream errors: without one, Node ends the process with a stack trace (`--help | head`). */
export function ignoreStreamErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
