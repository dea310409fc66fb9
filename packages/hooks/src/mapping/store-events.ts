/** Stores events: rows of the audit trail first, then what they sum up to. Storing the same events again does nothing. */
import { setImmediate } from 'node:timers/promises';
import type { Persistence } from '@ggen-sim/core';
import type { HookEvent } from '../recording/hook-event.ts';
import { eventRow, sessionOf, textField, type AuditLine } from './event-row.ts';
import { insertRows } from './insert-rows.ts';
import { redactedEvent } from './redaction.ts';
import { toolStart } from './session-events.ts';
import { storeReceipts } from './store-receipts.ts';
import { storeSnapshot } from './store-snapshot.ts';

/** Time after which what looks for secrets lets others have a turn. */
const TURN_MS = 1;

/** Result of {@link storeEvents}. */
export interface StoreReport {
  /** Number of rows of the audit trail that were not stored before. */
  readonly stored: number;
  /** Events that the database refuses, with its reasons. */
  readonly refused: readonly { readonly event: HookEvent; readonly reason: string }[];
}

/**
 * Stores events of hooks or of a transcript, without obvious secrets.
 * @throws {PersistenceError} `DATABASE_LOCKED`, `DISK_FULL`, `IO_ERROR`, `READ_ONLY`; storing them again goes on
 */
export async function storeEvents(database: Persistence, events: readonly HookEvent[]): Promise<StoreReport> {
  const clean: HookEvent[] = [];
  let begin = performance.now();
  for (const event of events) {
    clean.push(event.isRedacted === true ? event : await redactedEvent(event));
    if (performance.now() - begin < TURN_MS) continue;
    // A server answers other requests between two events.
    await setImmediate();
    begin = performance.now();
  }
  const starts = new Map<string, string>();
  const rows: AuditLine[] = [];
  for (const event of clean) rows.push(eventRow(event, await startOf(database, event, starts)));
  const { stored, refused } = await insertRows(database, 'audit_log', rows);
  for (const [index, event] of clean.entries()) {
    await storeReceipts(database, event);
    const row = rows[index];
    if (row !== undefined && event.payload['hook_event_name'] === 'PreCompact')
      await storeSnapshot(database, event, row);
  }
  return {
    stored,
    refused: refused.flatMap(({ line, reason }) => {
      const event = clean[line - 1];
      return event === undefined ? [] : [{ event, reason }];
    }),
  };
}

/** Returns the moment in which the tool call of an event began, where the event does not tell how long it took. */
async function startOf(
  database: Persistence,
  event: HookEvent,
  starts: Map<string, string>,
): Promise<string | undefined> {
  const { payload, at } = event;
  const toolUseId = textField(payload, 'tool_use_id');
  if (toolUseId === undefined) return undefined;
  const name = payload['hook_event_name'];
  const key = `${sessionOf(event)}\n${toolUseId}`;
  if (name === 'PreToolUse') starts.set(key, at);
  const isEnd = name === 'PostToolUse' || name === 'PostToolUseFailure';
  if (!isEnd || typeof payload['duration_ms'] === 'number') return undefined;
  return starts.get(key) ?? toolStart(database, sessionOf(event), toolUseId);
}
