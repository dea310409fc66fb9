/** GraphQL over HTTP: JSON for queries and mutations, server-sent events for subscriptions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Persistence } from '@ggen-sim/core';
import type { ExecutionResult } from 'graphql';
import { createHandler, type Response } from 'graphql-http';
import { beginGraphql, runGraphql, type GraphqlOptions, type GraphqlRequest } from './graphql.ts';

/** A request that passed the checks of the HTTP server: an `Exchange` of `@ggen-sim/serve`. */
export interface GraphqlExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly database: Persistence;
  readonly isWritable: boolean;
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  /** Fires when the caller has gone, the time to answer has passed, or the server stops. */
  readonly signal: AbortSignal;
  readonly readBody: () => Promise<Buffer>;
  /** Begins an answer of events, which are sent at the reader's pace. */
  readonly beginEvents: () => {
    send(event: { readonly type: string; readonly data: string }): Promise<void>;
    end(): void;
  };
}

/** A `Route` of `@ggen-sim/serve`. */
export interface GraphqlRoute {
  readonly methods: readonly 'POST'[];
  readonly path: string;
  readonly handle: (exchange: GraphqlExchange) => Promise<void>;
}

const RESPONSE_TYPE = 'application/graphql-response+json';

/** Makes the route of GraphQL. */
export function graphqlRoute({ path = '/graphql' }: { readonly path?: string } = {}): GraphqlRoute {
  return {
    methods: ['POST'],
    path,
    async handle(exchange) {
      const { request } = exchange;
      const text = (await exchange.readBody()).toString('utf8');
      const isStream = request.headers.accept?.includes('text/event-stream') === true;
      const parameters = isStream ? requestIn(request, text) : undefined;
      if (parameters === undefined) await answer(exchange, text);
      else await stream(exchange, parameters);
    },
  };
}

function optionsOf({ isWritable, agentThatWrites, signal }: GraphqlExchange): GraphqlOptions {
  return { isWritable, agentThatWrites, signal };
}

/** Answers as the specification of GraphQL over HTTP says; what is no request is answered with its status codes. */
async function answer(exchange: GraphqlExchange, text: string): Promise<void> {
  const { request, response, database } = exchange;
  const handler = createHandler({
    // It checks the request; the operation is run here, where limits are checked first.
    async onSubscribe(_, { query, operationName, variables }) {
      const result = await runGraphql(database, { query, operationName, variables }, optionsOf(exchange));
      return 'data' in result ? result : refusal(request, result);
    },
  });
  const [body, { status, statusText, headers }] = await handler({
    url: request.url ?? '/',
    method: request.method ?? 'POST',
    headers: {
      get: (name) => {
        const value = request.headers[name];
        // A client that takes events takes JSON for what is no request.
        if (name === 'accept' && value?.includes('text/event-stream') === true) return 'application/json';
        return value === undefined ? null : String(value);
      },
    },
    body: text,
    raw: request,
    context: undefined,
  });
  response.writeHead(status, statusText, headers).end(body ?? undefined);
}

/**
 * Answers what was refused before it ran. With the older of the two types, clients read the errors only where the status is 200
 * (GraphQL over HTTP, section 6.4).
 */
function refusal({ headers }: IncomingMessage, result: ExecutionResult): Response {
  const isNewer = headers.accept?.includes(RESPONSE_TYPE) === true;
  const type = isNewer ? RESPONSE_TYPE : 'application/json';
  return [
    JSON.stringify(result),
    {
      status: isNewer ? 400 : 200,
      statusText: isNewer ? 'Bad Request' : 'OK',
      headers: { 'content-type': `${type}; charset=utf-8` },
    },
  ];
}

/** Sends results as events `next`, then `complete`: the mode of distinct connections of graphql-sse. */
async function stream(exchange: GraphqlExchange, parameters: GraphqlRequest): Promise<void> {
  const { database, signal } = exchange;
  // A stream has no time limit, so a query is run before. A subscription has its start before its reader hears of it.
  const results = await beginGraphql(database, parameters, optionsOf(exchange));
  if (signal.aborted) return;
  const events = exchange.beginEvents();
  for await (const result of results) {
    if (signal.aborted) break;
    await events.send({ type: 'next', data: JSON.stringify(result) });
  }
  await events.send({ type: 'complete', data: '' });
  events.end();
}

/** Returns the operation in a body; undefined for a body that has none. */
function requestIn({ headers }: IncomingMessage, text: string): GraphqlRequest | undefined {
  // A page of another site cannot send this type without asking first.
  if (headers['content-type']?.startsWith('application/json') !== true) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Record<keyof GraphqlRequest, unknown>> | null;
    const { query, operationName, variables } = value ?? {};
    const isRequest =
      typeof query === 'string' &&
      (operationName === undefined || operationName === null || typeof operationName === 'string') &&
      (variables === undefined || (typeof variables === 'object' && !Array.isArray(variables)));
    return isRequest ? (value as unknown as GraphqlRequest) : undefined;
  } catch {
    return undefined;
  }
}
