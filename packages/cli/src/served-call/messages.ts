/**
 * What passes between a call of the program and a running `serve`, through a socket beside the database: one JSON value per
 * line. The server greets, so that a call knows that it is alive and serves the same file, before the call says anything.
 */
import type { Socket } from 'node:net';
import { relative } from 'node:path';
import type { Terminal } from '../caller.ts';

/** First line of the server. */
export interface Greeting {
  readonly version: string;
  /** Device and inode of the file that the server has open. */
  readonly device: string;
  readonly inode: string;
}

/** First line of the call. */
export interface CallRequest {
  readonly words: readonly string[];
  /** The variables that name paths, and no others: a key must not leave its process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly currentDirectory: string;
  readonly terminal: Terminal;
  readonly isTerminal: boolean;
}

/** Second line of the call, if the server wants it. */
export interface StandardInput {
  readonly base64: string;
}

/** Further lines of the server. `exitCode` and `declined` are the last. */
export type CallAnswer =
  | { readonly stdout: string }
  | { readonly stderr: string }
  | { readonly wantsStandardInput: true }
  | { readonly exitCode: number }
  /** The call must do it itself. Nothing was done. */
  | { readonly declined: true };

/** Commands that go through the server, and what they do. Each uses no more of its context than `Caller` has. */
const SERVED_COMMANDS = new Map<string, 'reads' | 'saves'>([
  ['save-receipt', 'saves'],
  ['save-memory', 'saves'],
  ['log-audit', 'saves'],
  ['get-receipt', 'reads'],
  ['get-memory', 'reads'],
  ['query-receipts', 'reads'],
  ['query-memory', 'reads'],
  ['query-audit-trail', 'reads'],
]);

/** Returns what a command that goes through the server does; undefined for every other. */
export function servedUse(words: readonly string[]): 'reads' | 'saves' | undefined {
  return words[0] === 'db' ? SERVED_COMMANDS.get(words[1] ?? '') : undefined;
}

/** Bytes of standard input that a call sends. One with more opens the file itself. */
export const MAX_INPUT_BYTES: number = 64 * 1024 * 1024;

/** Characters of a line: the arguments of a process, or its standard input in base64. */
const MAX_LINE_CHARS = 2 * MAX_INPUT_BYTES;

/** Path of the socket of the server of a database. */
export function callSocketPath(databasePath: string): string {
  return `${databasePath}-serve.sock`;
}

/** Returns the shorter name of a socket: systems limit it to some hundred bytes. */
export function socketName(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return Buffer.byteLength(fromHere) < Buffer.byteLength(path) ? fromHere : path;
}

/** Makes one line of a message. */
export function lineOf(message: Greeting | CallRequest | StandardInput | CallAnswer): string {
  return `${JSON.stringify(message)}\n`;
}

/** Reads the lines of a socket. It ends where the other side ends or is cut off; an incomplete line is none. */
export async function* linesOf(socket: Socket): AsyncGenerator<unknown, void> {
  socket.setEncoding('utf8');
  let pending = '';
  for await (const chunk of socket as AsyncIterable<string>) {
    const parts = chunk.split('\n');
    parts[0] = pending + (parts[0] ?? '');
    pending = parts.pop() ?? '';
    if (pending.length > MAX_LINE_CHARS) throw new RangeError('The line is too long');
    for (const line of parts) yield JSON.parse(line);
  }
}
