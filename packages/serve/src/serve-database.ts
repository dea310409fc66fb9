/** Serves an open database over HTTP until it is stopped. */
import { randomUUID } from 'node:crypto';
import type { Persistence } from '@ggen-sim/core';
import { checkBindAddress, localUrl } from './access/bind-address.ts';
import { RateLimit } from './access/rate-limit.ts';
import { SenderCheck } from './access/sender-check.ts';
import { checkTls, type TlsIdentity } from './access/tls.ts';
import { isToken, newToken, TokenCheck, type ScopedToken } from './access/token.ts';
import { findServer } from './discovery/running-server.ts';
import {
  createState,
  readState,
  removeState,
  stateFileOf,
  type ServerState,
} from './discovery/state-file.ts';
import { ServeError } from './errors.ts';
import { DEFAULT_LIMITS, type ServeLimits } from './http/limits.ts';
import { Listener, type ListenerOptions } from './http/listener.ts';
import { RouteTable, type Route } from './http/route.ts';
import type { Upgrade } from './http/upgrade.ts';
import { otlpRoutes } from './otlp/otlp-routes.ts';
import { changesRoute } from './routes/changes.ts';
import { healthRoute } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { stopRoute } from './routes/stop.ts';

export type { TlsIdentity } from './access/tls.ts';
export type { ScopedToken } from './access/token.ts';

/** Options of {@link serveDatabase}. */
export interface ServeOptions {
  /** Address to listen at. One that other machines reach needs a token and {@link tls}. @default '127.0.0.1' */
  readonly host?: string;
  /** Port to listen at; 0 for one that the system chooses. @default 0 */
  readonly port?: number;
  /**
   * Token that requests must have: 32 characters or more of those of RFC 6750. `null`: none, only at a loopback address.
   * @default a new one of 256 random bits
   */
  readonly token?: string | null;
  /** Certificate and key, with which the server speaks HTTPS and nothing else. @default plain HTTP */
  readonly tls?: TlsIdentity;
  /** Names by which the server may be called, beside `localhost`, addresses and those in its certificate. @default none */
  readonly allowedHosts?: readonly string[];
  /**
   * Origins of pages (`https://app.example`) that may call the routes with `crossOrigin`, with a token as everybody.
   * @default none
   */
  readonly allowedOrigins?: readonly string[];
  /** Further tokens, each for the routes that name one of its scopes. @default none */
  readonly scopedTokens?: readonly ScopedToken[];
  readonly limits?: Partial<ServeLimits>;
  /** Let requests store something. @default false */
  readonly isWritable?: boolean;
  /** The only agent in whose name requests write. @default any: each request names its agent */
  readonly agent?: string;
  /** Further routes. */
  readonly routes?: readonly Route[];
  /** Paths where a connection may turn to another protocol. @default none */
  readonly upgrades?: readonly Upgrade[];
  /**
   * Write a file beside the database by which other processes find this server ({@link findServer}). Then there is one server
   * of a database at a time.
   * @default true for a database file
   */
  readonly stateFile?: boolean;
  /** Called when the server stops, after the running requests have ended and before the database is closed. */
  readonly beforeClosing?: () => Promise<void>;
}

/** A server that is running. */
export interface RunningServer {
  /** Address for programs on this machine: `http://127.0.0.1:40123`; with TLS, by a name in the certificate where it has one. */
  readonly url: string;
  readonly port: number;
  /** Real path of the database file; `null` for a database in memory. */
  readonly path: string | null;
  /** `null` when requests need none. */
  readonly token: string | null;
  /** Path of the state file; `null` without one. */
  readonly stateFile: string | null;
  /**
   * Replaces the `scopedTokens` for the requests that come from then on, and ends the streams of those that are gone.
   * @throws {ServeError} INVALID_ARGUMENT; those of before then stay
   */
  readonly setScopedTokens: (scopedTokens: readonly ScopedToken[]) => void;
  /**
   * Takes no more requests, ends streams, finishes the requests that are running and closes the database. Called again, it
   * waits for the same end.
   */
  readonly stop: () => Promise<void>;
  /** Resolves when the server has stopped, by {@link stop} or by a request. */
  readonly stopped: Promise<void>;
}

/**
 * Serves an open database over HTTP. The server owns it from then on, and closes it when it stops; when it cannot start, the
 * database stays open.
 * @throws {ServeError} INVALID_ARGUMENT, ADDRESS_REFUSED, ADDRESS_UNAVAILABLE, TLS_REFUSED, ALREADY_SERVED, STATE_FILE_REFUSED, IO_ERROR
 */
export async function serveDatabase(
  database: Persistence,
  options: ServeOptions = {},
): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 0, token = newToken(), allowedHosts = [] } = options;
  const { allowedOrigins = [], scopedTokens = [], tls } = options;
  checkOptions(port, token, allowedOrigins, scopedTokens);
  const certificate = tls && checkTls(tls);
  checkBindAddress(host, token !== null, certificate);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { storage, path, encryption } = await database.info();
  const hasState = options.stateFile ?? storage === 'file';
  const stateFile = hasState && path !== null ? stateFileOf(path) : undefined;
  if (stateFile !== undefined && path !== null) await refuseSecond(path);

  const instance = randomUUID();
  let stopping: Promise<void> | undefined;
  const { promise: stopped, resolve: onStopped, reject: onFailed } = withResolvers();
  // Whoever does not wait for the end is told by `stop`.
  stopped.catch(() => undefined);
  const close = async (): Promise<void> => {
    await listener.stop();
    try {
      await table.stop();
      await options.beforeClosing?.();
    } finally {
      try {
        await database.close();
      } finally {
        if (stateFile !== undefined) removeState(stateFile, instance);
      }
    }
  };
  /** The part of stopping that comes before the last answer. */
  const end = (): Promise<void> => {
    stopping ??= close();
    return stopping;
  };
  const stop = async (): Promise<void> => {
    try {
      await end();
    } finally {
      await listener.close();
    }
  };
  const table = new RouteTable([
    healthRoute(instance),
    changesRoute,
    ...otlpRoutes,
    metricsRoute(database),
    stopRoute(() => {
      const ended = end();
      stop().then(onStopped, onFailed);
      return ended;
    }),
    ...(options.routes ?? []),
  ]);
  const sender = new SenderCheck(host, allowedHosts, allowedOrigins, certificate);
  const tokenCheck = token === null ? undefined : new TokenCheck(token, scopedTokens);
  const admit = admission(sender, tokenCheck, limits);
  const isAdmitted: ListenerOptions['isAdmitted'] = (request, { access, scopes = [] }, tenant) => {
    if (tokenCheck === undefined || access === 'public') return true;
    try {
      return tokenCheck.check(request, scopes) === tenant;
    } catch {
      return false;
    }
  };
  const listener = new Listener({
    instance,
    database,
    isEncrypted: encryption !== null,
    routes: table,
    upgrades: options.upgrades ?? [],
    limits,
    tls,
    isWritable: options.isWritable ?? false,
    agent: options.agent,
    admit,
    isAdmitted,
    allowsOrigin: (origin) => sender.allows(origin),
  });
  const boundPort = await listener.listen(host, port);
  const url = localUrl(host, boundPort, certificate);
  if (stateFile !== undefined && path !== null) {
    const startedAt = new Date().toISOString();
    const state: ServerState = {
      instance,
      processId: process.pid,
      url,
      token,
      certificateSha256: certificate?.fingerprint256 ?? null,
      database: path,
      startedAt,
    };
    try {
      await announce(stateFile, path, state);
    } catch (error) {
      await listener.stop();
      await listener.close();
      throw error;
    }
  }
  return {
    url,
    port: boundPort,
    path,
    token,
    stateFile: stateFile ?? null,
    setScopedTokens(replacing) {
      checkTokens(replacing);
      tokenCheck?.setScopedTokens(replacing);
      listener.endRefusedStreams();
    },
    stopped,
    stop: async () => {
      await stop().then(onStopped, onFailed);
      await stopped;
    },
  };
}

function checkOptions(
  port: number,
  token: string | null,
  allowedOrigins: readonly string[],
  scopedTokens: readonly ScopedToken[],
): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ServeError(
      'INVALID_ARGUMENT',
      `\`port\` must be a whole number from 0 to 65535, not ${String(port)}`,
    );
  }
  const foreign = allowedOrigins.find((origin) => !isOrigin(origin));
  if (foreign !== undefined) {
    throw new ServeError(
      'INVALID_ARGUMENT',
      `An allowed origin is scheme, name and port, such as https://app.example, not ${JSON.stringify(foreign)}`,
    );
  }
  checkTokens([...(token === null ? [] : [{ token }]), ...scopedTokens]);
}

function checkTokens(tokens: readonly Pick<ScopedToken, 'token'>[]): void {
  if (tokens.every(({ token }) => isToken(token))) return;
  throw new ServeError(
    'INVALID_ARGUMENT',
    '`token` must have 32 characters or more of A-Z a-z 0-9 - . _ ~ + /',
  );
}

/** True for an origin as browsers send it: scheme, name and port, in small letters. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && text !== 'null';
}

/** Makes the check of every request: where it was sent to and from, how many there are, and its token. */
function admission(
  sender: SenderCheck,
  tokenCheck: TokenCheck | undefined,
  limits: ServeLimits,
): ListenerOptions['admit'] {
  const withToken = new RateLimit(limits.requestsPerSecond);
  const others = new RateLimit(limits.publicRequestsPerSecond);
  return (request, route) => {
    const isPublic = route?.access === 'public';
    const address = request.socket.remoteAddress ?? '';
    let tenant: string | undefined;
    try {
      sender.check(request, isPublic, route?.crossOrigin === true);
      if (!isPublic) tenant = tokenCheck?.check(request, route?.scopes ?? []);
    } catch (error) {
      others.take(address);
      throw error;
    }
    (isPublic && tokenCheck !== undefined ? others : withToken).take(address);
    return tenant;
  };
}

async function refuseSecond(path: string): Promise<void> {
  const other = await findServer(path);
  if (other === undefined) return;
  throw new ServeError('ALREADY_SERVED', `Process ${other.processId} serves ${path} at ${other.url}`, {
    hint: 'Stop that server first',
  });
}

/** Writes the state file, in place of one that a server which ended has left. */
async function announce(file: string, path: string, state: ServerState): Promise<void> {
  while (!createState(file, state)) {
    await refuseSecond(path);
    removeState(file, readState(file)?.instance);
  }
}

interface Resolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Does what `Promise.withResolvers` does, which Node 20 lacks. */
function withResolvers(): Resolvers {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
