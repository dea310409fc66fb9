/** The HTTP server: takes requests, has them checked and answered, bounds their time, and ends in order. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Persistence } from '@ggen-sim/core';
import { ServeError } from '../errors.ts';
import { answerError, COMMON_HEADERS, INSTANCE_HEADER } from './answers.ts';
import { EventStream } from './event-stream.ts';
import { HttpError, httpErrorOf } from './http-error.ts';
import type { ServeLimits } from './limits.ts';
import { readBody } from './request-body.ts';
import { parseTarget } from './request-path.ts';
import { isPreflight, letPageRead, PREFLIGHT_HEADERS } from './cross-origin.ts';
import type { Exchange, FoundRoute, Method, Route, RouteTable } from './route.ts';
import { refuseUpgrade, type Upgrade } from './upgrade.ts';

/** What a listener needs. */
export interface ListenerOptions {
  /** Id of this run of the server. */
  readonly instance: string;
  readonly database: Persistence;
  readonly isEncrypted: boolean;
  readonly routes: RouteTable;
  readonly upgrades: readonly Upgrade[];
  readonly limits: ServeLimits;
  /** Certificate and key; undefined for plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly isWritable: boolean;
  /** The only agent in whose name requests write; undefined for any. */
  readonly agent: string | undefined;
  /**
   * Checks a request before its route is called.
   * @param route - undefined where there is none
   * @throws {HttpError}
   */
  readonly admit: (request: IncomingMessage, route: Asked | undefined) => string | undefined;
  /** True for a request whose token is still one for its route and its tenant. */
  readonly isAdmitted: (request: IncomingMessage, route: Asked, tenant: string | undefined) => boolean;
  /** True for an origin whose pages may call the routes for them. */
  readonly allowsOrigin: (origin: string) => boolean;
}

/** What has to be known of a route before its requests are let in. */
export type Asked = Pick<Route, 'access' | 'crossOrigin' | 'scopes'>;

/** A running request. */
interface Running {
  readonly ended: Promise<void>;
  isStream: boolean;
  /** Only of a stream: ends it, if its token is no longer enough. */
  endUnlessAdmitted: () => void;
  /** True for the request that asked the server to stop, which is answered last. */
  isStop: boolean;
}

/** Listens at an address and answers requests. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #running = new Set<Running>();
  readonly #upgraded = new Set<Duplex>();
  /** Connections below TLS, which Node's server for HTTPS knows only once they have agreed on a key. */
  readonly #underTls = new Set<Duplex>();
  readonly #stopping = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { limits, tls } = options;
    const settings = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.receiveMs,
      requestTimeout: limits.receiveMs,
      keepAliveTimeout: 5000,
      // The shortest of the times above is looked after this often.
      connectionsCheckingInterval: Math.min(limits.receiveMs, 5000),
    };
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#take(request, response);
    if (tls === undefined) this.#server = createServer(settings, take);
    else {
      const { certificate: cert, key } = tls;
      this.#server = createTlsServer({ ...settings, cert, key, handshakeTimeout: limits.receiveMs }, take);
      this.#server.on('connection', (socket: Duplex) => {
        this.#underTls.add(socket);
        socket.once('close', () => this.#underTls.delete(socket));
      });
    }
    this.#server.maxConnections = limits.connections;
    // Without a listener, Node answers such a request as any other one.
    if (options.upgrades.length > 0) {
      this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    }
  }

  /** Begins to listen. @returns the port, which the system chooses for 0. @throws {ServeError} ADDRESS_UNAVAILABLE */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          new ServeError(
            'ADDRESS_UNAVAILABLE',
            `Cannot listen at ${host}, port ${port}: ${reasonOf(cause)}`,
            {
              hint: 'Choose another `port`, or 0 for one that is free',
              cause,
            },
          ),
        ),
      );
      this.#server.listen({ host, port, exclusive: true }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the streams of those whose token has been taken away. */
  endRefusedStreams(): void {
    for (const { endUnlessAdmitted } of this.#running) endUnlessAdmitted();
  }

  /** Ends streams, waits for the requests that are running, and takes no more. Those that take too long are cut off. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.limits.stopMs);
    });
    for (const upgrade of this.#options.upgrades) upgrade.stop();
    const running = [...this.#running].filter(({ isStop }) => !isStop).map(({ ended }) => ended);
    for (const socket of this.#upgraded) {
      running.push(new Promise<void>((resolve) => void socket.once('close', () => resolve())));
    }
    await Promise.race([Promise.all(running), late]);
    clearTimeout(timer);
  }

  /** Closes every connection that is left. Call it after {@link stop}, when the last answer has been written. */
  async close(): Promise<void> {
    for (const { isStop, ended } of this.#running) if (isStop) await ended;
    this.#server.closeAllConnections();
    for (const socket of [...this.#upgraded, ...this.#underTls]) socket.destroy();
    await this.#closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
    response.setHeader(INSTANCE_HEADER, this.#options.instance);
    const ended = new Promise<void>((resolve) => response.once('close', resolve));
    const running: Running = {
      ended,
      isStream: false,
      endUnlessAdmitted: () => undefined,
      isStop: false,
    };
    this.#running.add(running);
    response.once('close', () => this.#running.delete(running));
    try {
      await this.#answer(request, response, running);
    } catch (error) {
      fail(request, response, httpErrorOf(error));
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { upgrades, admit, database, limits } = this.#options;
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
    // The other end may be gone; its connection is closed then.
    socket.on('error', () => socket.destroy());
    try {
      const { segments } = parseTarget(request.url ?? '');
      const upgrade = upgrades.find(({ path }) => path === `/${segments.join('/')}`);
      admit(request, upgrade && { access: 'public' });
      if (upgrade === undefined) throw noRoute([]);
      if (this.#stopping.signal.aborted) throw stopping();
      upgrade.take({ request, socket, head, database, limits });
    } catch (error) {
      refuseUpgrade(socket, httpErrorOf(error));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, running: Running): Promise<void> {
    const { routes, admit, isAdmitted, allowsOrigin, database, isEncrypted, limits, isWritable, agent } =
      this.#options;
    let found: readonly FoundRoute[] = [];
    let query = new URLSearchParams();
    let badPath: unknown;
    try {
      const target = parseTarget(request.url ?? '');
      found = routes.find(target.segments);
      ({ query } = target);
    } catch (error) {
      badPath = error;
    }
    const method = (request.method === 'HEAD' ? 'GET' : request.method) as Method;
    const match = found.find(({ route }) => route.methods.includes(method));
    // What exists is told only to those who have the token.
    const asked = (match ?? found[0])?.route;
    if (asked?.crossOrigin === true) {
      // Before the checks: the page has to see why it is refused.
      letPageRead(request, response, allowsOrigin);
      if (isPreflight(request)) {
        admit(request, { access: 'public', crossOrigin: true });
        response.writeHead(204, PREFLIGHT_HEADERS).end();
        return;
      }
    }
    const tenant = admit(request, asked);
    if (badPath !== undefined) throw badPath;
    if (match === undefined) throw noRoute(found);
    if (match.route.writes === true && !isWritable) throw readOnly();
    // Who asks the server to stop, while it does, waits for the same end.
    running.isStop = match.route.path === STOP_PATH;
    if (this.#stopping.signal.aborted && !running.isStop) throw stopping();
    const control = new AbortController();
    response.once('close', () => control.abort());
    const timer = setTimeout(() => {
      control.abort();
      // An answer that is whole and that its reader does not take would keep the connection and its memory.
      if (response.writableEnded && !response.writableFinished) response.destroy();
      else fail(request, response, tooLate());
    }, limits.answerMs);
    response.once('close', () => clearTimeout(timer));
    const exchange: Exchange = {
      request,
      response,
      below: match.below,
      query,
      tenant,
      database,
      isEncrypted,
      limits,
      isWritable,
      agentThatWrites: (given) => agentThatWrites(given, agent),
      signal: control.signal,
      readBody: () => readBody(request, match.route.bodyBytes ?? limits.bodyBytes),
      beginStream: () => {
        const streams = [...this.#running].filter(({ isStream }) => isStream).length;
        if (streams >= limits.streams) throw tooManyStreams();
        running.isStream = true;
        clearTimeout(timer);
        const end = (): void => control.abort();
        running.endUnlessAdmitted = () => {
          if (!isAdmitted(request, match.route, tenant)) end();
        };
        // Its token may have been taken away since the request was let in.
        running.endUnlessAdmitted();
        this.#stopping.signal.addEventListener('abort', end);
        response.once('close', () => this.#stopping.signal.removeEventListener('abort', end));
        if (this.#stopping.signal.aborted) throw stopping();
      },
      beginEvents: () => {
        exchange.beginStream();
        return new EventStream(exchange, RETRY_MS);
      },
    };
    await match.route.handle(exchange);
  }
}

/** Time after which a browser connects again. */
const RETRY_MS = 1000;

/** Path of the request that stops the server, which is not waited for. */
export const STOP_PATH = '/stop';

/** Answers with an error, or cuts the connection where another answer has begun: a cut is no complete answer. */
function fail(request: IncomingMessage, response: ServerResponse, error: HttpError): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // What the caller still sends is not read, so the connection cannot be used for another request.
  if (!request.complete) response.setHeader('connection', 'close');
  answerError(response, error);
}

function noRoute(found: readonly FoundRoute[]): HttpError {
  if (found.length === 0) return new HttpError(404, 'NO_RESOURCE', 'There is nothing at this path');
  const methods = found.flatMap(({ route }) => route.methods);
  return new HttpError(405, 'METHOD_NOT_ALLOWED', `This path takes ${methods.join(', ')}`, {
    headers: { allow: (methods.includes('GET') ? [...methods, 'HEAD'] : methods).join(', ') },
  });
}

function readOnly(): HttpError {
  return new HttpError(403, 'READ_ONLY', 'This server only reads', {
    hint: 'Start it with --write (`isWritable`). Nothing was stored',
  });
}

/** @throws {HttpError} FORBIDDEN_AGENT */
function agentThatWrites(given: string | undefined, bound: string | undefined): string | undefined {
  if (bound === undefined || given === undefined || given === bound) return bound ?? given;
  throw new HttpError(403, 'FORBIDDEN_AGENT', `This server writes as ${bound}, not as ${given}`, {
    hint: 'Leave the agent out. Nothing was stored',
  });
}

function stopping(): HttpError {
  return new HttpError(503, 'STOPPING', 'The server is stopping', { headers: { connection: 'close' } });
}

function tooManyStreams(): HttpError {
  return new HttpError(503, 'TOO_MANY_STREAMS', 'Too many streams are open', {
    hint: 'End one of them, or try again later',
    headers: { 'retry-after': '5' },
  });
}

function tooLate(): HttpError {
  return new HttpError(
    503,
    'TIME_LIMIT',
    'The answer took too long; a write in the request may have been done',
  );
}

function reasonOf(cause: NodeJS.ErrnoException): string {
  if (cause.code === 'EADDRINUSE') return 'it is in use';
  if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND') return 'it is no address of this machine';
  return cause.code === 'EACCES' ? 'the system does not allow it' : cause.message;
}
