/** What the audit trail holds of a session. */
import type { AuditRow, Persistence } from '@ggen-sim/core';
import { toolRowId } from './event-row.ts';

/** An event as it was stored. */
export interface StoredEvent {
  readonly at: string;
  readonly eventId: string;
  readonly type: string;
  readonly operation: string;
  readonly status: string;
  readonly durationMs: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Time over which events of a session are looked for, in days. */
const MAX_SESSION_DAYS = 90;
const MAX_EVENTS = 1_000_000;

/** Reads the events of a session, in the order in which they were recorded. */
export async function sessionEvents(database: Persistence, session: string): Promise<StoredEvent[]> {
  return read(database, { where: `$.session_id = ${JSON.stringify(session)}` });
}

/** Reads the starts and ends of all sessions. */
export async function sessionBounds(database: Persistence): Promise<StoredEvent[]> {
  return read(database, { operationType: 'session' });
}

/** Reads when a tool call began, by the id of its row: looking through the session would take longer with each event. */
export async function toolStart(
  database: Persistence,
  session: string,
  toolUseId: string,
): Promise<string | undefined> {
  const { rows } = await database.querySql({
    sql: `SELECT details ->> '$.recorded_at' FROM audit_log WHERE audit_id = ? AND json_valid(details)`,
    parameters: [toolRowId(session, toolUseId, 'started')],
  });
  const at = rows[0]?.[0];
  return typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? at : undefined;
}

async function read(
  database: Persistence,
  filters: Parameters<Persistence['queryAuditTrail']>[0],
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  const rows = database.queryAuditTrail({
    ...filters,
    days: MAX_SESSION_DAYS,
    order: 'oldest-first',
    limit: MAX_EVENTS,
  });
  for await (const row of rows) {
    const event = storedEvent(row);
    if (event !== undefined) events.push(event);
  }
  return events.toSorted((left, right) => (left.at < right.at ? -1 : Number(left.at > right.at)));
}

/** Returns the event of a row, or undefined for a row that another program has logged. */
function storedEvent({
  details,
  operationType,
  operation,
  status,
  durationMs,
}: AuditRow): StoredEvent | undefined {
  if (details === null || operationType === null) return undefined;
  let payload: unknown;
  try {
    payload = JSON.parse(details);
  } catch {
    return undefined;
  }
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { recorded_at: at, event_id: eventId } = payload as Record<string, unknown>;
  if (typeof at !== 'string' || typeof eventId !== 'string') return undefined;
  return {
    at,
    eventId,
    type: operationType,
    operation,
    status,
    durationMs: durationMs ?? 0,
    payload: payload as Record<string, unknown>,
  };
}
