import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { CommandFailure } from '../failures.ts';

const STANDARD_STREAMS = [
  { descriptor: 1, name: 'Standard output' },
  { descriptor: 2, name: 'Standard error' },
] as const;

/** Suffixes of the database and of the files that SQLite keeps beside it. */
const DATABASE_FILES = ['', '-journal', '-wal', '-shm'];

/** Paths by which users name standard output. */
const STANDARD_OUTPUT: ReadonlySet<string> = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

/** True when a path names standard output. */
export function isStandardOutput(path: string | undefined): boolean {
  return path !== undefined && STANDARD_OUTPUT.has(path);
}

/**
 * Refuses standard output, or standard error, that the shell sends into a file of the database. Links and inodes count,
 * not names.
 * @throws {CommandFailure} INVALID_ARGUMENT
 */
export function refuseOutputIntoDatabase(databasePath: string): void {
  for (const { descriptor, name } of STANDARD_STREAMS) {
    const output = statusOf(() => fstatSync(descriptor, { bigint: true }));
    if (!output?.isFile()) continue;
    for (const suffix of DATABASE_FILES) {
      const file = statusOf(() => statSync(databasePath + suffix, { bigint: true }));
      if (file?.ino !== output.ino || file.dev !== output.dev) continue;
      // The error's message would go into the database as well.
      if (descriptor === process.stderr.fd) discardStandardError();
      throw new CommandFailure('INVALID_ARGUMENT', `${name} is redirected into ${databasePath}${suffix}`, {
        hint: 'Redirect it to another file',
      });
    }
  }
}

/** Sends whatever is still written to standard error nowhere: the lowest free descriptor is the one just closed. */
function discardStandardError(): void {
  closeSync(process.stderr.fd);
  openSync(devNull, 'w');
}

/** Returns undefined for a descriptor that is closed, or a file that does not exist. */
function statusOf<Status>(read: () => Status): Status | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
