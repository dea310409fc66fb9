import { closeSync, fstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { CommandFailure } from '../failures.ts';
import { belongsToSqlite } from '../sqlite-file.ts';

const STANDARD_STREAMS = [
  { descriptor: 1, name: 'Standard output' },
  { descriptor: 2, name: 'Standard error' },
] as const;

type StandardStream = (typeof STANDARD_STREAMS)[number];

/** Suffixes of the database and of the files that SQLite keeps beside it. */
const DATABASE_FILES = ['', '-journal', '-wal', '-shm'];

/** Paths by which users name standard output. */
const STANDARD_OUTPUT: ReadonlySet<string> = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

/** True when a path names standard output. */
export function isStandardOutput(path: string | undefined): boolean {
  return path !== undefined && STANDARD_OUTPUT.has(path);
}

/**
 * Refuses standard output, or standard error, that the shell sends into any SQLite database, or into a journal or log
 * beside one. Only Linux tells the file of a descriptor.
 * @throws {CommandFailure} INVALID_ARGUMENT
 */
export function refuseOutputIntoAnyDatabase(): void {
  const found = outputIntoAnyDatabase();
  if (found !== undefined) refuse(found.stream, found.path);
}

/** Returns the stream that {@link refuseOutputIntoAnyDatabase} refuses, and the file behind it. */
export function outputIntoAnyDatabase():
  | { readonly stream: StandardStream; readonly path: string }
  | undefined {
  for (const stream of STANDARD_STREAMS) {
    const path = resultOf(() => readlinkSync(`/proc/self/fd/${stream.descriptor}`));
    if (path !== undefined && belongsToSqlite(path)) return { stream, path };
  }
  return undefined;
}

/**
 * Refuses standard output, or standard error, that the shell sends into a file of a database, which may be empty yet. Links
 * and inodes count, not names. On Windows, Node may tell different numbers of the device for a name and a descriptor
 * (https://github.com/libuv/libuv/pull/4698).
 * @throws {CommandFailure} INVALID_ARGUMENT
 */
export function refuseOutputIntoDatabase(databasePath: string): void {
  for (const stream of STANDARD_STREAMS) {
    const output = resultOf(() => fstatSync(stream.descriptor, { bigint: true }));
    if (!output?.isFile()) continue;
    for (const suffix of DATABASE_FILES) {
      const file = resultOf(() => statSync(databasePath + suffix, { bigint: true }));
      const isOnSameDevice = process.platform === 'win32' || file?.dev === output.dev;
      if (file?.ino === output.ino && isOnSameDevice) refuse(stream, databasePath + suffix);
    }
  }
}

function refuse({ descriptor, name }: StandardStream, path: string): never {
  // The error's message would go into the database as well.
  if (descriptor === process.stderr.fd) discardStandardError();
  throw new CommandFailure('INVALID_ARGUMENT', `${name} is redirected into the database file ${path}`, {
    hint: 'Redirect it to another file',
  });
}

/** Sends whatever is still written to standard error nowhere: the lowest free descriptor is the one just closed. */
function discardStandardError(): void {
  closeSync(process.stderr.fd);
  openSync(devNull, 'w');
}

/** Returns undefined for a descriptor that is closed, a file that does not exist, and a system that does not tell. */
function resultOf<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
