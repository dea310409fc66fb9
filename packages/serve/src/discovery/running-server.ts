/** Finds and stops the server of a database, as another process. */
import { realpathSync } from 'node:fs';
import { ServeError } from '../errors.ts';
import { readState, stateFileOf, type ServerState } from './state-file.ts';

/** Time for a server to answer. */
const ANSWER_MS = 5000;

/** Time for a server to stop: what its requests have, and closing the database. */
const STOP_MS = 60_000;

/**
 * Finds the server of a database; undefined where none is running. A state file that a killed server left behind names an
 * address where nothing answers, or another server, and counts as none.
 * @throws {ServeError} STATE_FILE_REFUSED; SERVER_UNREACHABLE when something is there and does not answer
 */
export async function findServer(databasePath: string): Promise<ServerState | undefined> {
  const state = readState(stateFileOf(realPath(databasePath)));
  return state !== undefined && (await isAt(state)) ? state : undefined;
}

/**
 * Stops the server of a database. Resolves when it has closed the database.
 * @throws {ServeError} NOT_SERVED, SERVER_UNREACHABLE
 */
export async function stopServer(databasePath: string): Promise<ServerState> {
  const state = await findServer(databasePath);
  if (state === undefined) throw new ServeError('NOT_SERVED', `No server serves ${databasePath}`);
  const headers: Record<string, string> =
    state.token === null ? {} : { authorization: `Bearer ${state.token}` };
  let status: number;
  try {
    const signal = AbortSignal.timeout(STOP_MS);
    ({ status } = await fetch(`${state.url}/stop`, { method: 'POST', headers, signal, redirect: 'error' }));
  } catch (cause) {
    // It may have stopped on its own, or for somebody else, before it took the request.
    if ((await findServer(databasePath)) === undefined) return state;
    throw unreachable(state, cause);
  }
  if (status === 200) return state;
  throw new ServeError('SERVER_UNREACHABLE', `The server at ${state.url} refused to stop (${status})`);
}

/** True when the server of this run answers at its address. */
async function isAt(state: ServerState): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(`${state.url}/healthz`, { signal, redirect: 'error' });
    const answer: unknown = await response.json();
    return (answer as { readonly instance?: unknown } | null)?.instance === state.instance;
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw unreachable(state, error);
    // Nothing listens there, or what does is no server of ours.
    return false;
  }
}

function unreachable(state: ServerState, cause: unknown): ServeError {
  return new ServeError(
    'SERVER_UNREACHABLE',
    `The server at ${state.url} (process ${state.processId}) does not answer`,
    { hint: 'End the process, if it is that server', cause },
  );
}

/** Follows links, as opening the database does, so that every name of it leads to the same state file. */
export function realPath(databasePath: string): string {
  try {
    return realpathSync(databasePath);
  } catch {
    return databasePath;
  }
}
