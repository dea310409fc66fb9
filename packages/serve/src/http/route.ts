/** Routes: what answers which path. Other packages add theirs with the option `routes`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Persistence } from '@ggen-sim/core';
import type { EventStream } from './event-stream.ts';
import type { ServeLimits } from './limits.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A path and what answers requests for it. */
export interface Route {
  /** A method, or several. A route for GET answers HEAD as well: Node leaves out the body. */
  readonly methods: readonly Method[];
  /** Path of one resource (`/changes`), or of everything below a folder (`/app/*`, which includes `/app`). */
  readonly path: string;
  /**
   * `token`: the request must have the server's token. `public`: it need not, for what holds no data, such as the files of
   * a page. Host and Origin are checked in any case.
   * @default 'token'
   */
  readonly access?: 'token' | 'public';
  /**
   * True when pages of the origins that the server allows may call it. Pages of other sites never reach other routes.
   * @default false
   */
  readonly crossOrigin?: boolean;
  /**
   * Scopes of tokens that are enough for it; one of them has to be that of the token. The server's own token is enough for
   * every route. @default none
   */
  readonly scopes?: readonly string[];
  /** Size of a body in bytes, in place of that of the limits. */
  readonly bodyBytes?: number;
  /** True when every request for it stores something: then a server that only reads answers it with 403. @default false */
  readonly writes?: boolean;
  /** Answers a request. What it throws is answered as an error, unless the answer has begun: then the connection is cut. */
  readonly handle: (exchange: Exchange) => Promise<void> | void;
  /** Called when the server stops, after the running requests have ended and before the database is closed. */
  readonly stop?: () => Promise<void> | void;
}

/** A request that passed every check, and what its route needs to answer it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Decoded segments of the path below that of a route for a folder; none of them leads out of it. */
  readonly below: readonly string[];
  readonly query: URLSearchParams;
  /** Tenant that the token of the request names; `undefined` for none. */
  readonly tenant: string | undefined;
  readonly database: Persistence;
  /** True when the database is encrypted: then nothing of it goes into a plain file unasked. */
  readonly isEncrypted: boolean;
  readonly limits: ServeLimits;
  /** True when requests may store something. */
  readonly isWritable: boolean;
  /**
   * Returns the agent in whose name a request writes: the one that the server is bound to, else the one that is given.
   * @throws {HttpError} 403 when the server is bound to another one
   */
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  /** Fires when the caller has gone, the time to answer has passed, or the server stops and the answer is a stream. */
  readonly signal: AbortSignal;
  /** Reads the body, up to the limit. Whoever reads `request` instead must have a limit of their own. @throws {HttpError} 413 */
  readonly readBody: () => Promise<Buffer>;
  /**
   * Makes the answer a stream: it has no time limit, and ends when the server stops.
   * @throws {HttpError} 503 when there are too many
   */
  readonly beginStream: () => void;
  /** Makes the answer a stream of events, which are written at the reader's pace. @throws {HttpError} 503 */
  readonly beginEvents: () => EventStream;
}

/** A route that was found. */
export interface FoundRoute {
  readonly route: Route;
  readonly below: readonly string[];
}

/** Finds routes by path. One for a resource goes before one for a folder, and the longest folder first. */
export class RouteTable {
  readonly #resources = new Map<string, Route[]>();
  readonly #folders = new Map<string, Route[]>();

  readonly #all: readonly Route[];

  constructor(routes: readonly Route[]) {
    this.#all = routes;
    for (const route of routes) {
      const isFolder = route.path.endsWith('/*');
      const path = isFolder ? route.path.slice(0, -2) : route.path;
      const map = isFolder ? this.#folders : this.#resources;
      const sameName = map.get(path) ?? [];
      const taken = route.methods.find((method) => sameName.some(({ methods }) => methods.includes(method)));
      if (taken !== undefined) throw new TypeError(`Two routes for ${taken} ${route.path}`);
      map.set(path, [...sameName, route]);
    }
  }

  /** Stops every route, one after the other. */
  async stop(): Promise<void> {
    for (const route of this.#all) await route.stop?.();
  }

  /** Returns the routes of a path, one for each set of methods; none when there is no such path. */
  find(segments: readonly string[]): readonly FoundRoute[] {
    const path = (length: number): string => (length === 0 ? '' : `/${segments.slice(0, length).join('/')}`);
    const resource = this.#resources.get(path(segments.length) || '/');
    if (resource !== undefined) return resource.map((route) => ({ route, below: [] }));
    for (let length = segments.length; length >= 0; length -= 1) {
      const folder = this.#folders.get(path(length));
      if (folder !== undefined) return folder.map((route) => ({ route, below: segments.slice(length) }));
    }
    return [];
  }
}
