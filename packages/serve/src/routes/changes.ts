/**
 * `GET /changes`: events of the change log as server-sent events. What is sent is read from the log at the reader's pace, and
 * `Last-Event-ID` names where to go on, so nothing is kept for a reader here, whether it is slow or gone.
 */
import { encodeEvent, type ChangeEvent } from '@ggen-sim/core';
import { EVENT_STREAM_HEADERS } from '../http/event-stream.ts';
import { firstEvent, startOf } from '../event-position.ts';
import { HttpError, httpErrorOf } from '../http/http-error.ts';
import type { Exchange, Route } from '../http/route.ts';

const TABLES: ReadonlySet<string> = new Set(['receipts', 'agent_memory', 'audit_log']);

/** Events that are passed over before the reader is told its position. */
const PASSED_EVENTS = 1000;

export const changesRoute: Route = { methods: ['GET'], path: '/changes', handle: streamChanges };

async function streamChanges(exchange: Exchange): Promise<void> {
  const { database, request, response, signal } = exchange;
  const { after, follow, rows, passes, readsRows } = requested(exchange);
  const position = await startOf(database, after);
  // A wrong position, or no change log, is the answer itself: then a browser does not connect again.
  await firstEvent(database, position.after);
  if (request.method === 'HEAD') {
    response.writeHead(200, EVENT_STREAM_HEADERS).end();
    return;
  }
  const stream = exchange.beginEvents();
  // A reader that is cut off before its first event goes on there.
  if (position.id !== undefined) await stream.sendPosition(position.id);
  try {
    let passed = 0;
    for await (const event of database.changes({ after: position.after, follow, rows: readsRows, signal })) {
      if (passes(event)) {
        passed = 0;
        await stream.send({ id: event.id, data: encodeEvent(rows ? event : withoutRow(event)) });
      } else {
        stream.passed(event.id);
        passed += 1;
        if (passed % PASSED_EVENTS === 0) await stream.sendPosition(event.id);
      }
    }
  } catch (error) {
    if (!signal.aborted) await stream.sendFailure(httpErrorOf(error));
  }
  stream.end();
}

function withoutRow(event: ChangeEvent): ChangeEvent {
  const { row: _, ...data } = event.data;
  return { ...event, data };
}

/** What a reader asked for. */
interface Requested {
  readonly after: string | number;
  readonly follow: boolean;
  readonly rows: boolean;
  readonly passes: (event: ChangeEvent) => boolean;
  /** True where the rows are sent or looked at. */
  readonly readsRows: boolean;
}

/** @throws {HttpError} 400 for a parameter that does not exist, or a value that it does not take */
function requested({ query, request }: Exchange): Requested {
  const known = new Set(['after', 'follow', 'rows', 'table', 'kind', 'agent']);
  for (const name of query.keys()) {
    if (!known.has(name))
      throw invalid(`There is no parameter ${JSON.stringify(name)}`, [...known].join(', '));
  }
  // A browser sends the header when it connects again, to the same address as before.
  const given = request.headers['last-event-id'] || query.get('after') || '0';
  const position = Array.isArray(given) ? given.join() : given;
  const tables = query.getAll('table');
  for (const table of tables) {
    if (!TABLES.has(table))
      throw invalid(`There is no table ${JSON.stringify(table)}`, [...TABLES].join(', '));
  }
  const [kinds, agents] = [query.getAll('kind'), query.getAll('agent')];
  const rows = flagOf(query, 'rows', false);
  return {
    after: /^\d+$/.test(position) ? Number(position) : position,
    follow: flagOf(query, 'follow', true),
    rows,
    readsRows: rows || agents.length > 0,
    passes: ({ data: { kind, table, row } }) =>
      (tables.length === 0 || table === null || tables.includes(table)) &&
      (kinds.length === 0 || kinds.includes(kind)) &&
      (agents.length === 0 || (row !== null && row !== undefined && agents.includes(row.agentId))),
  };
}

function flagOf(query: URLSearchParams, name: string, byDefault: boolean): boolean {
  const given = query.get(name);
  if (given === null) return byDefault;
  if (given !== 'true' && given !== 'false') throw invalid(`${name} must be true or false`);
  return given === 'true';
}

function invalid(message: string, choices?: string): HttpError {
  return new HttpError(400, 'INVALID_ARGUMENT', message, { hint: choices && `There are: ${choices}` });
}
