/**
 * Serves a target over HTTP: a route for each method of the contract. Nothing is kept between two requests, so several servers
 * may stand before one target, and one may end at any moment: what it answered is stored. A stream that ends with it begins
 * anew elsewhere, with where the target ends then.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GZIP_FROM_BYTES, HUB_PATH, type HubMethod } from '../contract/over-http.ts';
import type { PullRequest, PushedBatch, SyncTarget, TenantTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { Turns } from './turns.ts';

export { DEFAULT_TENANT, isTenant } from '../contract/tenant.ts';

/** A request that passed the checks of the HTTP server: an `Exchange` of `@ggen-sim/serve`. */
export interface HubExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Tenant that the token of the request names. */
  readonly tenant: string | undefined;
  /** Fires when the caller has gone or may not read any more, the time to answer has passed, or a stream has to end. */
  readonly signal: AbortSignal;
  readonly readBody: () => Promise<Buffer>;
  /** Makes the answer a stream of events, which beats in pauses and ends with a reader that takes nothing. */
  readonly beginEvents: () => HubEvents;
}

/** An `EventStream` of `@ggen-sim/serve`. */
export interface HubEvents {
  /** Resolves when the system has taken the event. */
  readonly send: (event: { readonly data: string }) => Promise<void>;
  readonly end: () => void;
}

/** A `Route` of `@ggen-sim/serve`. */
export interface HubRoute {
  readonly methods: readonly ('GET' | 'POST')[];
  readonly path: string;
  readonly crossOrigin: true;
  readonly scopes: readonly HubScope[];
  readonly bodyBytes: number;
  readonly handle: (exchange: HubExchange) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What a token of a hub allows: to send, or to read what others have sent. */
export type HubScope = 'push' | 'pull';

/** Options of {@link hubRoutes}. */
export interface HubRoutesOptions {
  /** Called when the target cannot be used, and has been before. Callers are not told why. */
  readonly onUnavailable?: (error: SyncError) => void;
  /** Size of a body in bytes, before and after it is unpacked. A row is a part of one. @default 67108864 (64 MiB) */
  readonly bodyBytes?: number;
  /**
   * Streams at a time; of one tenant, half as many. Others are answered with 503, and their databases look every few seconds.
   * Each holds a connection, and is one of the streams of the server. @default 48
   */
  readonly streams?: number;
}

const STREAMS = 48;
const BODY_BYTES = 64 * 1024 * 1024;

/** Bodies up to this size are read while they wait for their turn: those of nearly all batches. */
const EARLY_BODY_BYTES = 2 * 1024 * 1024;

/** Requests that are unpacked and stored at a time, and those that wait for that. */
const RUNNING = 4;
const WAITING = 64;

/** Seconds after which a hub that has too much to do, or cannot reach its database, is asked again. */
const BUSY_SECONDS = 1;
const UNAVAILABLE_SECONDS = 5;
const FULL_SECONDS = 30;

interface Method {
  readonly scopes: readonly HubScope[];
  readonly call: (target: SyncTarget, value: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

/** The target checks what it is given. */
const METHODS: Readonly<Record<HubMethod, Method>> = {
  id: { scopes: ['push', 'pull'], call: (target) => target.id() },
  cursor: { scopes: ['push', 'pull'], call: (target, { origin }) => target.cursor(origin as string) },
  unknown: { scopes: ['push'], call: (target, { leaves }) => target.unknown(leaves as string[]) },
  push: { scopes: ['push'], call: (target, value) => target.push(value as unknown as PushedBatch) },
  pull: { scopes: ['pull'], call: (target, value) => target.pull(value as unknown as PullRequest) },
  cosign: { scopes: ['push'], call: (target, { note }) => target.cosign(note as string) },
};

/** Statuses of what a target says of a request. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  FORKED: 409,
  CHECKPOINT_INCONSISTENT: 409,
  SYNC_GAP: 409,
  SYNC_INVALID: 400,
  SYNC_KEY_REQUIRED: 409,
  SYNC_WRONG_KEY: 409,
  SYNC_NO_COSIGNER: 404,
};

/**
 * Makes the routes of a hub, which own the target and close it when the server stops.
 * @param target - one that checks what it is given, as those of `openTarget` do. Requests with the token of a tenant need a
 * {@link TenantTarget} in PostgreSQL
 */
export function hubRoutes(
  target: SyncTarget | TenantTarget,
  { onUnavailable, bodyBytes = BODY_BYTES, streams = STREAMS }: HubRoutesOptions = {},
): HubRoute[] {
  const turns = new Turns(RUNNING, WAITING);
  let isAvailable = true;
  const noteAvailable = (error?: SyncError): void => {
    if (error !== undefined && isAvailable) onUnavailable?.(error);
    isAvailable = error === undefined;
  };
  const targets = new Map<string, SyncTarget>();
  const targetOf = (tenant: string | undefined): SyncTarget => {
    if (tenant === undefined) return target;
    const known = targets.get(tenant) ?? tenantTarget(target, tenant);
    targets.set(tenant, known);
    return known;
  };
  const answer = async (exchange: HubExchange, method: Method): Promise<void> => {
    const { request, response, tenant, signal } = exchange;
    if (!turns.hasRoom) {
      await refuse(exchange, 429, busy(), BUSY_SECONDS);
      return;
    }
    const isEarly = Number(request.headers['content-length'] ?? Infinity) <= EARLY_BODY_BYTES;
    const early = isEarly ? await exchange.readBody() : undefined;
    const endTurn = await turns.take();
    try {
      // Whoever has gone while waiting hears nothing.
      if (signal.aborted) return;
      const value = await valueIn(request, early ?? (await exchange.readBody()), bodyBytes);
      const result = await method.call(targetOf(tenant), value);
      // A target that is away still knows its id.
      if (method !== METHODS.id) noteAvailable();
      await send(request, response, 200, { result });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      const status = error instanceof RefusedBody ? error.status : STATUS_BY_CODE[error.code];
      if (status !== undefined) {
        await refuse(exchange, status, error);
        return;
      }
      noteAvailable(error);
      await refuse(exchange, 503, unavailable(), UNAVAILABLE_SECONDS);
    } finally {
      endTurn();
    }
  };
  /** The tenants of the streams that are open. */
  const open: (string | undefined)[] = [];
  const stream = async (exchange: HubExchange): Promise<void> => {
    const { tenant } = exchange;
    const ofTenant = open.filter((each) => each === tenant).length;
    if (open.length >= streams || (tenant !== undefined && ofTenant >= streams / 2)) {
      await refuse(exchange, 503, full(), FULL_SECONDS);
      return;
    }
    open.push(tenant);
    try {
      await sendPositions(exchange, targetOf(tenant));
      noteAvailable();
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      noteAvailable(error);
      // A stream that has begun is cut, and its database subscribes again.
      if (exchange.response.headersSent) exchange.response.destroy();
      else await refuse(exchange, 503, unavailable(), UNAVAILABLE_SECONDS);
    } finally {
      open.splice(open.indexOf(tenant), 1);
    }
  };
  const routes = Object.entries(METHODS).map(([name, method]): HubRoute => ({
    methods: ['POST'],
    path: `${HUB_PATH}/${name}`,
    crossOrigin: true,
    scopes: method.scopes,
    bodyBytes,
    handle: (exchange) => answer(exchange, method),
    stop: async () => undefined,
  }));
  const subscribing: HubRoute = {
    methods: ['GET'],
    path: `${HUB_PATH}/subscribe`,
    crossOrigin: true,
    scopes: ['pull'],
    bodyBytes: 0,
    handle: stream,
    stop: () => target.close(),
  };
  return [...routes, subscribing];
}

/** Sends where the target ends until the caller has gone: at once, and whenever it has changed. */
async function sendPositions(exchange: HubExchange, target: SyncTarget): Promise<void> {
  if (exchange.request.method === 'HEAD') {
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end();
    return;
  }
  let events: HubEvents | undefined;
  // The next one is taken when the reader has taken the last: those between are left out.
  for await (const position of target.subscribe(exchange.signal)) {
    events ??= exchange.beginEvents();
    await events.send({ data: JSON.stringify({ position }) });
  }
  events?.end();
}

/**
 * Returns the target of one tenant.
 * @throws {SyncError} SYNC_TARGET_INVALID for a target that keeps nobody apart
 */
export function tenantTarget(target: SyncTarget | TenantTarget, tenant: string): SyncTarget {
  if ('forTenant' in target) return target.forTenant(tenant);
  throw new SyncError('SYNC_TARGET_INVALID', 'The target of this hub has no tenants', {
    hint: 'Use PostgreSQL, or give each tenant a hub of its own.',
  });
}

/** A body that is none. */
class RefusedBody extends SyncError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('SYNC_INVALID', message);
    this.status = status;
  }
}

/** @throws {RefusedBody} */
async function valueIn(
  { headers }: IncomingMessage,
  body: Buffer,
  maxBytes: number,
): Promise<Record<string, unknown>> {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new RefusedBody(415, 'The body must be application/json');
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'gzip' && encoding !== 'identity')
    throw new RefusedBody(415, 'The body may be compressed with gzip alone');
  const bytes = encoding === 'gzip' ? await unpacked(body, maxBytes) : body;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new RefusedBody(400, 'The body is no JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new RefusedBody(400, 'The body is no JSON object');
}

/** Unpacks a body, up to the limit: a small one may hold gigabytes. */
async function unpacked(body: Buffer, maxOutputLength: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(body, { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new RefusedBody(413, `The body may have ${maxOutputLength} bytes at most when it is unpacked`);
    throw new RefusedBody(400, 'The body is not compressed as its header says');
  }
}

async function refuse(
  { request, response }: HubExchange,
  status: number,
  {
    code,
    message,
    hint,
  }: { readonly code: string; readonly message: string; readonly hint?: string | undefined },
  retryAfterSeconds?: number,
): Promise<void> {
  if (retryAfterSeconds !== undefined) setUnlessSent(response, 'retry-after', String(retryAfterSeconds));
  // What the caller still sends is not read, so the connection cannot be used for another request.
  if (!request.complete) setUnlessSent(response, 'connection', 'close');
  await send(request, response, status, { error: { code, message, ...(hint !== undefined && { hint }) } });
}

function setUnlessSent(response: ServerResponse, name: string, value: string): void {
  if (!response.headersSent) response.setHeader(name, value);
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: object,
): Promise<void> {
  const plain = Buffer.from(`${JSON.stringify(value)}\n`);
  const acceptsGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const isPacked = acceptsGzip && plain.length >= GZIP_FROM_BYTES;
  const body = isPacked ? await promisify(gzip)(plain) : plain;
  // The time to answer may have passed meanwhile, and the server has said so.
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    ...(isPacked && { 'content-encoding': 'gzip' }),
  });
  response.end(body);
}

function busy(): { readonly code: string; readonly message: string } {
  return { code: 'HUB_BUSY', message: 'Too many databases synchronise at the moment' };
}

function full(): { readonly code: string; readonly message: string } {
  return { code: 'TOO_MANY_STREAMS', message: 'Too many databases wait for news of this hub' };
}

function unavailable(): { readonly code: string; readonly message: string } {
  return { code: 'HUB_UNAVAILABLE', message: 'The hub cannot use its database at the moment' };
}
