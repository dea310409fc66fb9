/** Receipts of turns, subagents and sessions, made of the stored events. */
import type { Persistence } from '@ggen-sim/core';
import { sha256, type HookEvent } from '../recording/hook-event.ts';
import { agentOf, rowTime, sessionOf, textField } from './event-row.ts';
import { hashFiles } from './file-hashes.ts';
import { insertRows } from './insert-rows.ts';
import { sessionBounds, sessionEvents, type StoredEvent } from './session-events.ts';
import { summaryOf, turnEvents, writtenFiles } from './summary.ts';

/** A receipt that is about to be saved. */
interface Draft {
  /** Execution id, unless a receipt of another end has it. */
  readonly executionId: string;
  readonly agentId: string;
  readonly status: 'success' | 'error' | 'partial';
  readonly eventId: string;
  readonly endedAt: string;
  readonly events: readonly StoredEvent[];
  readonly content: Readonly<Record<string, unknown>>;
  /** Folder that relative paths of files begin at; without it no file is read. */
  readonly folder?: string | undefined;
}

/** Saves the receipts that an event asks for. Saving them again does nothing. */
export async function storeReceipts(database: Persistence, event: HookEvent): Promise<void> {
  switch (event.payload['hook_event_name']) {
    case 'Stop':
    case 'StopFailure':
      return storeTurn(database, event);
    case 'SubagentStop':
      return storeSubagent(database, event);
    case 'SessionEnd':
      return storeSession(database, event);
    case 'SessionStart':
      return closeOpenSessions(database, event);
    default:
      return undefined;
  }
}

/** Returns the folder in which files are hashed; none for a request, whose sender may not be allowed to read them. */
function folderOf({ overHttp = false, payload }: HookEvent): string | undefined {
  return overHttp ? undefined : textField(payload, 'cwd');
}

async function storeTurn(database: Persistence, event: HookEvent): Promise<void> {
  const session = sessionOf(event);
  const events = await sessionEvents(database, session);
  const end = events.find(({ eventId }) => eventId === event.id);
  if (end === undefined) return;
  const prompt = textField(event.payload, 'prompt_id');
  const isFailure = event.payload['hook_event_name'] === 'StopFailure';
  await save(database, {
    executionId: `${session}:${prompt ?? event.id}`,
    agentId: event.agent,
    status: isFailure ? 'error' : 'success',
    eventId: event.id,
    endedAt: event.at,
    events: turnEvents(events, end),
    content: { kind: 'turn', session_id: session, prompt_id: prompt ?? null },
    folder: folderOf(event),
  });
}

async function storeSubagent(database: Persistence, event: HookEvent): Promise<void> {
  const session = sessionOf(event);
  const subagent = textField(event.payload, 'agent_id');
  const events = await sessionEvents(database, session);
  await save(database, {
    executionId: `${session}:${subagent ?? event.id}`,
    agentId: agentOf(event),
    status: 'success',
    eventId: event.id,
    endedAt: event.at,
    events: events.filter(({ at, payload }) => at <= event.at && payload['agent_id'] === subagent),
    content: { kind: 'subagent', session_id: session, subagent_id: subagent ?? null },
    folder: folderOf(event),
  });
}

async function storeSession(database: Persistence, event: HookEvent): Promise<void> {
  const session = sessionOf(event);
  const events = (await sessionEvents(database, session)).filter(({ at }) => at <= event.at);
  const reason = textField(event.payload, 'reason') ?? textField(event.payload, 'end_reason') ?? null;
  await save(database, {
    executionId: `${session}:session`,
    agentId: event.agent,
    status: 'success',
    eventId: event.id,
    endedAt: event.at,
    events,
    content: { kind: 'session', session_id: session, end_reason: reason, turns: turnsIn(events) },
  });
}

/** Saves a receipt for each other session that has no end: its agent was killed, or still runs. */
async function closeOpenSessions(database: Persistence, event: HookEvent): Promise<void> {
  const open = new Set<string>();
  for (const { payload, status } of await sessionBounds(database)) {
    const session = textField(payload, 'session_id') ?? 'unknown';
    if (status === 'started') open.add(session);
    else open.delete(session);
  }
  open.delete(sessionOf(event));
  for (const session of open) {
    const events = (await sessionEvents(database, session)).filter(({ at }) => at <= event.at);
    const last = events.at(-1);
    if (last === undefined) continue;
    await save(database, {
      executionId: `${session}:session`,
      agentId: event.agent,
      status: 'partial',
      eventId: last.eventId,
      endedAt: last.at,
      events,
      content: { kind: 'session', session_id: session, end_reason: null, turns: turnsIn(events) },
    });
  }
}

function turnsIn(events: readonly StoredEvent[]): number {
  return events.filter(({ type, status }) => type === 'turn' && status !== 'started').length;
}

async function save(database: Persistence, draft: Draft): Promise<void> {
  for (let number = 1; ; number++) {
    const executionId = number === 1 ? draft.executionId : `${draft.executionId}:${number}`;
    const stored = await storedEventId(database, executionId);
    if (stored === draft.eventId) return;
    if (stored !== undefined) continue;
    await insertRows(database, 'receipts', [receiptRow(executionId, draft)]);
    // Another process may have taken the id meanwhile.
    if ((await storedEventId(database, executionId)) === draft.eventId) return;
  }
}

/** Returns the event whose receipt has an execution id; '' for a receipt of another program. */
async function storedEventId(database: Persistence, executionId: string): Promise<string | undefined> {
  try {
    const receipt = JSON.parse(await database.getReceipt({ executionId })) as { event_id?: unknown } | null;
    return typeof receipt?.event_id === 'string' ? receipt.event_id : '';
  } catch (error) {
    if ((error as { code?: string }).code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

function receiptRow(executionId: string, draft: Draft): object {
  const { agentId, status, eventId, endedAt, events, content, folder } = draft;
  const summary = summaryOf(events, endedAt);
  const receipt = {
    source: 'claude-code',
    ...content,
    event_id: eventId,
    ...summary,
    files: filesOf(events, folder),
    events_sha256: sha256(events.map((event) => event.eventId).join('\n')),
  };
  return {
    execution_id: executionId,
    agent_id: agentId,
    agent_type: 'coding-agent',
    receipt_json: JSON.stringify(receipt),
    status,
    created_at: rowTime(endedAt),
    updated_at: rowTime(endedAt),
    duration_ms: summary.duration_ms,
  };
}

/** Returns the written files, with hashes of those that no request has named. */
function filesOf(events: readonly StoredEvent[], folder: string | undefined): object[] {
  const paths = writtenFiles(events);
  if (folder === undefined) return paths.map((path) => ({ path }));
  const local = writtenFiles(events.filter(({ payload }) => payload['over_http'] !== true));
  const hashed = new Map(hashFiles(local, folder).map((file) => [file.path, file]));
  return paths.map((path) => hashed.get(path) ?? { path });
}
