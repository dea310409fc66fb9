/** Pure: what a receipt says of the events of a turn, a subagent or a session. */
import { textField } from './event-row.ts';
import type { StoredEvent } from './session-events.ts';

/** Calls of one tool. */
interface ToolSummary {
  calls: number;
  failed: number;
  duration_ms: number;
}

/** Summary of events. Durations are milliseconds. */
export interface Summary {
  readonly started_at: string;
  readonly ended_at: string;
  readonly duration_ms: number;
  readonly tools: Readonly<Record<string, ToolSummary>>;
  readonly tool_calls: number;
  readonly tool_failures: number;
  /** Calls that began and of whose end nothing is known. */
  readonly tool_calls_unfinished: number;
}

/** Tools that write the file they name. */
const WRITING_TOOLS: ReadonlySet<string> = new Set(['Write', 'Edit', 'MultiEdit', 'NotebookEdit']);

/** Counts the tool calls among events and measures the time from the first event to the end. */
export function summaryOf(events: readonly StoredEvent[], endedAt: string): Summary {
  const tools = new Map<string, ToolSummary>();
  const unfinished = new Set<string>();
  for (const { type, operation, status, durationMs, payload } of events) {
    if (type !== 'tool') continue;
    const callId = textField(payload, 'tool_use_id') ?? '';
    if (status === 'started') {
      unfinished.add(callId);
      continue;
    }
    const tool = tools.get(operation) ?? { calls: 0, failed: 0, duration_ms: 0 };
    tools.set(operation, tool);
    tool.calls++;
    tool.duration_ms += durationMs;
    if (status === 'failed') tool.failed++;
  }
  for (const { type, status, payload } of events)
    if (type === 'tool' && status !== 'started') unfinished.delete(textField(payload, 'tool_use_id') ?? '');
  const startedAt = events[0]?.at ?? endedAt;
  const sum = (count: (tool: ToolSummary) => number): number =>
    [...tools.values()].reduce((total, tool) => total + count(tool), 0);
  return {
    started_at: startedAt,
    ended_at: endedAt,
    duration_ms: Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)),
    tools: Object.fromEntries(tools),
    tool_calls: sum(({ calls }) => calls),
    tool_failures: sum(({ failed }) => failed),
    tool_calls_unfinished: unfinished.size,
  };
}

/** Returns the paths of the files that the tools have written, sorted. */
export function writtenFiles(events: readonly StoredEvent[]): string[] {
  const paths = events.flatMap(({ type, operation, status, payload }) => {
    if (type !== 'tool' || status !== 'completed' || !WRITING_TOOLS.has(operation)) return [];
    const input = payload['tool_input'] as Record<string, unknown> | undefined;
    const path = input?.['file_path'] ?? input?.['notebook_path'];
    return typeof path === 'string' ? [path] : [];
  });
  return [...new Set(paths)].toSorted();
}

/** Returns the events of the turn that an end ends: by its prompt, else since the end of the turn before. */
export function turnEvents(events: readonly StoredEvent[], end: StoredEvent): StoredEvent[] {
  const own = events.filter(({ at, payload }) => at <= end.at && payload['agent_id'] === undefined);
  const prompt = end.payload['prompt_id'];
  if (prompt !== undefined) return own.filter(({ payload }) => payload['prompt_id'] === prompt);
  const before = own.findLast(
    ({ type, status, eventId }) => type === 'turn' && status !== 'started' && eventId !== end.eventId,
  );
  return own.filter(({ at, type }) => type !== 'session' && (before === undefined || at > before.at));
}
