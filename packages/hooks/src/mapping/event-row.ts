/** Pure: the row of the audit trail that an event becomes. The hooks of a process, a server and a transcript use it alike. */
import { sha256, type HookEvent } from '../recording/hook-event.ts';

/** A row of `audit_log`, under the names of its columns. */
export interface AuditLine {
  readonly audit_id: string;
  readonly timestamp: string;
  readonly agent_id: string;
  readonly operation: string;
  readonly operation_type: string;
  readonly status: 'started' | 'completed' | 'failed';
  readonly duration_ms: number;
  readonly details: string;
  readonly error_message: string | null;
}

interface Meaning {
  readonly type: string;
  readonly status: AuditLine['status'];
  /** Field that names the operation. @default the type */
  readonly operation?: string;
  /** Field whose value identifies the event within its session. @default the id of the event */
  readonly key?: string;
  readonly error?: string;
}

const TOOL = 'tool';

/** Meanings of events, by `hook_event_name`. Every other one is kept under its own name. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  PreToolUse: { type: TOOL, status: 'started', operation: 'tool_name', key: 'tool_use_id' },
  PostToolUse: { type: TOOL, status: 'completed', operation: 'tool_name', key: 'tool_use_id' },
  PostToolUseFailure: {
    type: TOOL,
    status: 'failed',
    operation: 'tool_name',
    key: 'tool_use_id',
    error: 'error',
  },
  PermissionRequest: { type: 'permission', status: 'started', operation: 'tool_name' },
  PermissionDenied: { type: 'permission', status: 'failed', operation: 'tool_name', error: 'reason' },
  UserPromptSubmit: { type: 'turn', status: 'started', key: 'prompt_id' },
  Stop: { type: 'turn', status: 'completed' },
  StopFailure: { type: 'turn', status: 'failed', error: 'error' },
  SubagentStart: { type: 'subagent', status: 'started', operation: 'agent_type' },
  SubagentStop: { type: 'subagent', status: 'completed', operation: 'agent_type' },
  SessionStart: { type: 'session', status: 'started' },
  SessionEnd: { type: 'session', status: 'completed' },
};

/** Returns a field of a payload that is a text with content. */
export function textField(payload: HookEvent['payload'], name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : payload[name];
  return typeof value === 'string' && value !== '' ? value.slice(0, 512) : undefined;
}

/** Makes a UUID (version 8, RFC 9562) of texts: the same texts have the same id everywhere. */
export function idOf(...texts: readonly string[]): string {
  const digits = sha256(JSON.stringify(texts));
  const [a, b, c, d, e] = [0, 8, 13, 17, 20].map((at, index) =>
    digits.slice(at, at + ([8, 4, 3, 3, 12][index] ?? 0)),
  );
  return `${a}-${b}-8${c}-a${d}-${e}`;
}

/** Id of the row of a tool call that has this status. */
export const toolRowId = (session: string, toolUseId: string, status: AuditLine['status']): string =>
  idOf(session, TOOL, toolUseId, status);

/** Time in the form of the tables, UTC. */
export const rowTime = (at: string): string => at.slice(0, 19).replace('T', ' ');

/** Name of a session in ids. */
export const sessionOf = ({ payload }: HookEvent): string => textField(payload, 'session_id') ?? 'unknown';

/** Id of the agent of an event: that of the session, and the type of the subagent. */
export function agentOf({ agent, payload }: HookEvent): string {
  const type = textField(payload, 'agent_type');
  return type === undefined ? agent : `${agent}/${type}`;
}

/**
 * Returns the row of an event whose payload has no secrets any more.
 * @param startedAt - moment in which its operation began, for an event that does not tell its duration
 */
export function eventRow(event: HookEvent, startedAt?: string): AuditLine {
  const { payload, at, id, overHttp = false } = event;
  const name = textField(payload, 'hook_event_name') ?? 'Unknown';
  const meaning = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined;
  const { type = 'event', status = 'completed' } = meaning ?? {};
  const key = textField(payload, meaning?.key);
  const session = sessionOf(event);
  const details = { ...payload, recorded_at: at, event_id: id, ...(overHttp && { over_http: true }) };
  return {
    audit_id: key === undefined ? idOf(session, id) : idOf(session, type, key, status),
    timestamp: rowTime(at),
    agent_id: agentOf(event),
    operation: textField(payload, meaning?.operation) ?? (meaning === undefined ? name : type),
    operation_type: type,
    status,
    duration_ms: durationOf(event, startedAt),
    details: JSON.stringify(details),
    error_message: textField(payload, meaning?.error) ?? null,
  };
}

function durationOf({ payload, at }: HookEvent, startedAt: string | undefined): number {
  const { duration_ms: told } = payload;
  if (typeof told === 'number' && told >= 0 && told < Number.MAX_SAFE_INTEGER) return Math.round(told);
  return startedAt === undefined ? 0 : Math.max(0, Date.parse(at) - Date.parse(startedAt));
}
