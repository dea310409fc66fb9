/** The server over Streamable HTTP: one session for each client, on whatever HTTP server takes the requests. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Persistence } from '@ggen-sim/core';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { ErrorCode, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { createMcpServer, type McpServer } from './server.ts';
import { endWhenStalled } from './stalled-stream.ts';

/** A request that passed the checks of the HTTP server: an `Exchange` of `@ggen-sim/serve`. */
export interface McpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly database: Persistence;
  readonly isWritable: boolean;
  readonly limits: { readonly stalledMs: number; readonly heartbeatMs: number };
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  /** Fires when the caller has gone, or the server stops. */
  readonly signal: AbortSignal;
  readonly readBody: () => Promise<Buffer>;
  readonly beginStream: () => void;
}

/** A `Route` of `@ggen-sim/serve`. */
export interface McpRoute {
  readonly methods: readonly ('GET' | 'POST' | 'DELETE')[];
  readonly path: string;
  readonly handle: (exchange: McpExchange) => Promise<void>;
  /** Ends every session. */
  readonly stop: () => Promise<void>;
}

/** Options of {@link mcpRoute}. */
export interface McpRouteOptions {
  /** @default '/mcp' */
  readonly path?: string;
  /** Sessions at a time. A further one takes the place of the one that was used least lately. @default 64 */
  readonly sessions?: number;
  /** Time without a request or a stream after which a session ends, in milliseconds. @default 1800000 (30 minutes) */
  readonly idleMs?: number;
}

/** One client. */
interface Session {
  readonly server: McpServer;
  readonly transport: StreamableHTTPServerTransport;
  /** The agent in whose name the session writes. */
  readonly agent: string | undefined;
  /** Number of its requests and streams that are running. */
  running: number;
  lastUsedAt: number;
}

/** Header with the id of a session (MCP 2025-11-25, transports, session management). */
const SESSION_HEADER = 'mcp-session-id';
/** `Session not found`, as the SDK numbers it. */
const SESSION_NOT_FOUND = -32_001;
const SERVER_BUSY = -32_000;

/** Makes the route of MCP. The parameter `agent` of the address is the only agent in whose name a session writes. */
export function mcpRoute(options: McpRouteOptions = {}): McpRoute {
  const { path = '/mcp', sessions: maxSessions = 64, idleMs = 30 * 60_000 } = options;
  const sessions = new Map<string, Session>();
  const end = async (id: string): Promise<void> => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.server.settled();
    await session?.server.close();
  };
  const endIdle = (): void => {
    const idleSince = performance.now() - idleMs;
    for (const [id, { running, lastUsedAt }] of sessions)
      if (running === 0 && lastUsedAt <= idleSince) void end(id);
  };
  const timer = setInterval(endIdle, Math.min(idleMs, 60_000));
  timer.unref();

  /** Makes room for one more session. @returns false when every one is in use */
  const makeRoom = (): boolean => {
    if (sessions.size < maxSessions) return true;
    // A map keeps the order in which sessions were used.
    const idle = [...sessions].find(([, { running }]) => running === 0);
    if (idle === undefined) return false;
    void end(idle[0]);
    return true;
  };

  const begin = async (exchange: McpExchange, message: unknown): Promise<void> => {
    const { database, isWritable, response } = exchange;
    const agent = agentOf(exchange);
    if (!makeRoom()) {
      refuse(response, 503, SERVER_BUSY, 'Every session is in use: end one, or try again later');
      return;
    }
    const server = createMcpServer(database, {
      readOnly: !isWritable,
      ...(agent !== undefined && { agent }),
    });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      // Each answer is an event stream: of answers as JSON, the SDK keeps every one until the session ends.
      keepAliveMs: exchange.limits.heartbeatMs,
      onsessioninitialized: (id) => void sessions.set(id, session),
    });
    const session: Session = { server, transport, agent, running: 0, lastUsedAt: 0 };
    await server.connect(transport);
    await use(session, exchange, message);
    if (transport.sessionId === undefined) await server.close();
  };

  const use = async (session: Session, exchange: McpExchange, message?: unknown): Promise<void> => {
    const { transport } = session;
    const { request, response } = exchange;
    session.running += 1;
    try {
      const closed = new Promise<void>((resolve) => {
        // The caller may have gone while its body or running calls were waited for.
        if (response.destroyed || response.closed) resolve();
        else response.once('close', resolve);
      });
      await transport.handleRequest(request, response, message);
      await closed;
    } finally {
      session.running -= 1;
      session.lastUsedAt = performance.now();
      const id = transport.sessionId;
      if (id !== undefined && sessions.delete(id)) sessions.set(id, session);
    }
  };

  const stream = async (session: Session, exchange: McpExchange): Promise<void> => {
    const { response, signal, limits } = exchange;
    exchange.beginStream();
    // Only this answer: the request may be a refused one beside the stream of the session.
    const close = (): void => {
      if (response.headersSent) response.end();
      else response.destroy();
    };
    signal.addEventListener('abort', close);
    const stopWatching = endWhenStalled(response, limits.stalledMs);
    try {
      await use(session, exchange);
    } finally {
      stopWatching();
      signal.removeEventListener('abort', close);
    }
  };

  return {
    methods: ['GET', 'POST', 'DELETE'],
    path,
    async handle(exchange) {
      const { request, response, readBody } = exchange;
      const id = request.headers[SESSION_HEADER];
      const session = typeof id === 'string' ? sessions.get(id) : undefined;
      if (id !== undefined && session === undefined) {
        refuse(response, 404, SESSION_NOT_FOUND, 'There is no such session: it has ended. Initialize again');
        return;
      }
      if (session !== undefined && agentOf(exchange) !== session.agent) {
        refuse(response, 403, ErrorCode.InvalidRequest, 'The session writes in the name of another agent');
        return;
      }
      if (request.method === 'POST') {
        const message = parsed(await readBody());
        if (message === undefined) refuse(response, 400, ErrorCode.ParseError, 'The body is no JSON object');
        else if (session !== undefined) await use(session, exchange, message);
        else if (isInitializeRequest(message)) await begin(exchange, message);
        else refuse(response, 400, ErrorCode.InvalidRequest, `Initialize first, and send ${SESSION_HEADER}`);
      } else if (session === undefined) {
        refuse(response, 400, ErrorCode.InvalidRequest, `The header ${SESSION_HEADER} is missing`);
      } else if (request.method === 'DELETE') {
        try {
          await session.server.settled();
          await use(session, exchange);
        } finally {
          await end(session.transport.sessionId ?? '');
        }
      } else await stream(session, exchange);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all([...sessions.keys()].map(end));
    },
  };
}

function agentOf({ query, agentThatWrites }: McpExchange): string | undefined {
  return agentThatWrites(query.get('agent') || undefined);
}

/** Parses a message. Batches left the protocol in 2025-06-18, and would be a way around the limits of requests. */
function parsed(body: Buffer): object | undefined {
  try {
    const message: unknown = JSON.parse(body.toString('utf8'));
    return typeof message === 'object' && message !== null && !Array.isArray(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}
