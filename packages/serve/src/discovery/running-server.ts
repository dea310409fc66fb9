/** Finds and stops the server of a database, as another process. */
import { realpathSync, statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { INSTANCE_HEADER } from '../http/answers.ts';
import { ServeError } from '../errors.ts';
import { readState, stateFileOf, type ServerState } from './state-file.ts';

/** Time for a server to answer. */
const ANSWER_MS = 5000;

/** Time for a server to stop: what its requests have, and closing the database. */
const STOP_MS = 60_000;

/**
 * Finds the server of a database; undefined where none is running. A state file that a killed server left behind names an
 * address where nothing listens, or another server, and counts as none. So does one that was copied with its database.
 * @throws {ServeError} STATE_FILE_REFUSED; SERVER_UNREACHABLE when something is there and does not answer
 */
export async function findServer(databasePath: string): Promise<ServerState | undefined> {
  const path = realPath(databasePath);
  const state = readState(stateFileOf(path));
  if (state === undefined || !isSameFile(state.database, path)) return undefined;
  return (await isAt(state)) ? state : undefined;
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
    ({ status } = await call(state, { method: 'POST', path: '/stop', headers }, STOP_MS));
  } catch (cause) {
    // It may have stopped on its own, or for somebody else, before it took the request.
    if ((await findServer(databasePath)) === undefined) return state;
    throw unreachable(state, cause);
  }
  if (status === 200) return state;
  throw new ServeError('SERVER_UNREACHABLE', `The server at ${state.url} refused to stop (${status})`);
}

/**
 * True when the server of this run answers at its address, whatever it answers.
 * @throws {ServeError} SERVER_UNREACHABLE when it may be there, such as with all its connections taken
 */
async function isAt(state: ServerState): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { instance } = await call(state, { method: 'GET', path: '/healthz' }, ANSWER_MS);
      return instance === state.instance;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nothing listens there, or what does speaks no HTTP, no TLS, or has another certificate.
      if (code !== undefined && /^(?:ECONNREFUSED|HPE_.*|ERR_SSL_.*|FOREIGN_CERTIFICATE)$/.test(code))
        return false;
      // A server that is just ending resets a connection once, and then refuses it.
      if (code !== 'ECONNRESET' || attempt === 2) throw unreachable(state, error);
    }
  }
}

/** What the server of a state file is asked. */
interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: '/healthz' | '/stop';
  readonly headers?: Readonly<Record<string, string>>;
}

/** The head of an answer. */
interface AnswerHead {
  readonly status: number;
  /** The run of the server that answered; undefined for another program. */
  readonly instance: string | undefined;
}

/** Sends a request. `fetch` would refuse some ports, and may go through a proxy. */
async function call(
  { url, certificateSha256 }: ServerState,
  { method, path, headers = {} }: Call,
  timeLimitMs: number,
): Promise<AnswerHead> {
  const signal = AbortSignal.timeout(timeLimitMs);
  const options = { method, headers, signal };
  const socket = certificateSha256 === null ? undefined : await connectTls(url, certificateSha256, signal);
  return new Promise((resolve, reject) => {
    const take = (response: http.IncomingMessage): void => {
      const instance = response.headers[INSTANCE_HEADER];
      resolve({ status: response.statusCode ?? 0, instance: instance?.toString() });
      // The answer of another program may be without an end.
      response.destroy();
    };
    const sent =
      socket === undefined
        ? http.request(`${url}${path}`, { ...options, agent: false }, take)
        : https.request(`${url}${path}`, { ...options, createConnection: () => socket }, take);
    sent.on('error', reject);
    sent.end();
  });
}

/**
 * Connects to the server that has the certificate of the state file, whoever signed it and whatever name is in it. The
 * system's authorities would say less: they vouch for a name, and not for the program that was started here.
 */
function connectTls(url: string, certificateSha256: string, signal: AbortSignal): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
    signal.addEventListener('abort', () => socket.destroy(signal.reason as Error), { once: true });
    socket.on('error', reject);
    socket.once('secureConnect', () => {
      if (socket.getPeerX509Certificate()?.fingerprint256 === certificateSha256) resolve(socket);
      else socket.destroy(Object.assign(new Error('Another certificate'), { code: 'FOREIGN_CERTIFICATE' }));
    });
  });
}

function unreachable(state: ServerState, cause: unknown): ServeError {
  const file = stateFileOf(state.database);
  return new ServeError(
    'SERVER_UNREACHABLE',
    `The server at ${state.url} (process ${state.processId}) does not answer`,
    { hint: `Try again, or end the process; if it is no longer that server, remove ${file}`, cause },
  );
}

/** True for two names of one file. A copy is another file. */
function isSameFile(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    const [first, second] = [one, other].map((path) => statSync(path, { bigint: true }));
    return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}

/** Follows links, as opening the database does, so that every name of it leads to the same state file. */
export function realPath(databasePath: string): string {
  try {
    return realpathSync(databasePath);
  } catch {
    return databasePath;
  }
}
