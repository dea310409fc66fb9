/** Memory of a session, saved before its context is compacted. */
import type { Persistence } from '@ggen-sim/core';
import { sessionOf, type AuditLine } from './event-row.ts';
import type { HookEvent } from '../recording/hook-event.ts';
import { sessionEvents } from './session-events.ts';
import { summaryOf, writtenFiles } from './summary.ts';

/** Saves a version of the session's memory. Saving that of the same or an earlier event again does nothing. */
export async function storeSnapshot(
  database: Persistence,
  event: HookEvent,
  { agent_id: agent }: AuditLine,
): Promise<void> {
  const session = sessionOf(event);
  const agentId = `${agent}/${session}`;
  for (;;) {
    const [stored] = await database.queryMemory({ agentExact: agentId, limit: 1 });
    const { saved_at: savedAt } = JSON.parse(stored?.memoryJson ?? '{}') as { saved_at?: string };
    if (savedAt !== undefined && savedAt >= event.at) return;
    const events = (await sessionEvents(database, session)).filter(({ at }) => at <= event.at);
    const memory = {
      kind: 'session',
      session_id: session,
      event_id: event.id,
      saved_at: event.at,
      compaction: event.payload['trigger'] ?? event.payload['triggered_by'] ?? null,
      transcript_path: event.payload['transcript_path'] ?? null,
      ...summaryOf(events, event.at),
      files: writtenFiles(events),
    };
    try {
      await database.saveMemory({
        agentId,
        agentType: 'coding-agent',
        memory,
        ifVersion: stored?.version ?? 0,
      });
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'VERSION_CONFLICT') throw error;
    }
  }
}
