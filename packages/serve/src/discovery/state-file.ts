/**
 * The file beside a database that names its running server: address, token and the id of the run. Only its owner reads it
 * (mode 0600).
 */
import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { ServeError } from '../errors.ts';

/** What the state file says. */
export interface ServerState {
  /** Id of this run of the server (UUID). */
  readonly instance: string;
  readonly processId: number;
  /** Address for programs on this machine. */
  readonly url: string;
  /** `null` when requests need none. */
  readonly token: string | null;
  /** SHA-256 of the certificate, as hexadecimal pairs with colons; `null` for a server without TLS. */
  readonly certificateSha256: string | null;
  /** Real path of the database. */
  readonly database: string;
  /** ISO 8601 with Z. */
  readonly startedAt: string;
}

/** Bits of a mode that let others read or write a file. */
const OTHERS = 0o077;

/** Returns the path of the state file of a database. */
export function stateFileOf(databasePath: string): string {
  return `${databasePath}-serve.json`;
}

/**
 * Reads a state file; undefined where there is none, or what it says is none.
 * @throws {ServeError} STATE_FILE_REFUSED when another user could have written or read it
 */
export function readState(file: string): ServerState | undefined {
  let text: string;
  try {
    refuseForeign(file);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof ServeError) throw error;
    throw ioError(file, error);
  }
  return parseState(text);
}

/** Refuses a file of another user: the address in it would be sent this user's requests. */
function refuseForeign(file: string): void {
  const status = lstatSync(file);
  const user = process.getuid?.();
  const isOwn = user === undefined || (status.uid === user && (status.mode & OTHERS) === 0);
  if (status.isFile() && isOwn) return;
  throw new ServeError('STATE_FILE_REFUSED', `${file} is not a file of this user alone`, {
    hint: 'Remove it, if no server of this database is running',
  });
}

function parseState(text: string): ServerState | undefined {
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof state !== 'object' || state === null) return undefined;
  const { instance, url, token, database, startedAt, processId, certificateSha256 } = state as Record<
    string,
    unknown
  >;
  const texts = [instance, url, database, startedAt];
  if (!texts.every((value) => typeof value === 'string') || typeof processId !== 'number') return undefined;
  if (![token, certificateSha256].every((value) => value === null || typeof value === 'string'))
    return undefined;
  return state as ServerState;
}

/**
 * Creates the state file, which appears complete where the file system has links. Of several servers that create it at once,
 * one succeeds.
 * @param link - creates another name of a file, and fails where there is one
 * @returns false when there is one
 * @throws {ServeError} STATE_FILE_REFUSED on a file system where others could read it; IO_ERROR
 */
export function createState(file: string, state: ServerState, link: typeof linkSync = linkSync): boolean {
  const draft = `${file}.${randomUUID()}`;
  const [text, options] = [`${JSON.stringify(state)}\n`, { mode: 0o600, flag: 'wx' }] as const;
  try {
    writeFileSync(draft, text, options);
    // A file system without rights (FAT) ignores the mode.
    refuseForeign(draft);
    try {
      link(draft, file);
    } catch (error) {
      if (isThere(error)) return false;
      // FAT and exFAT have no links, and each system has its own error for that.
      writeFileSync(file, text, options);
    }
    return true;
  } catch (error) {
    if (isThere(error)) return false;
    if (error instanceof ServeError) throw error;
    throw ioError(file, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

function isThere(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST';
}

/** Removes the state file of a server that has ended. One that another server created meanwhile stays. */
export function removeState(file: string, instance: string | undefined): void {
  const removed = `${file}.${randomUUID()}`;
  try {
    // Only one of several servers that find the same old file moves it away.
    renameSync(file, removed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw ioError(file, error);
  }
  const moved = readState(removed);
  if (moved !== undefined && moved.instance !== instance) createState(file, moved);
  rmSync(removed, { force: true });
}

function ioError(file: string, cause: unknown): ServeError {
  return new ServeError('IO_ERROR', `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}
