/** An event of a coding agent as it is spooled: what the hook was given, without long texts and without prompts. */
import { createHash, randomUUID } from 'node:crypto';

/** One event. Unknown events and unknown fields are kept as they are. */
export interface HookEvent {
  /** Id of this event, for events that have no id of their own. */
  readonly id: string;
  /** Moment in which it was recorded, ISO 8601 with milliseconds. */
  readonly at: string;
  /** Id of the agent in whose name it is stored. */
  readonly agent: string;
  /** True for an event that a request has brought: no file that it names is read. */
  readonly overHttp?: boolean;
  /** True for an event whose payload holds no obvious secrets any more. */
  readonly isRedacted?: boolean;
  /** The fields of the payload. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Longest text that is spooled whole, in characters. Of a longer one, the beginning and its hash remain. */
const MAX_TEXT_CHARACTERS = 16 * 1024;
/** Deepest level of a payload that is looked into. */
const MAX_LEVELS = 64;
const PROMPT_KEYS: ReadonlySet<string> = new Set(['prompt']);

export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Options of {@link eventOf}. */
export interface EventOptions {
  /** Keep the text of prompts. @default false: their SHA-256 and length */
  readonly keepPrompts?: boolean;
  /** @default 'claude-code' */
  readonly agent?: string;
  /** The event came with a request. @default false */
  readonly overHttp?: boolean;
  /** @default now */
  readonly at?: Date;
}

/** Makes an event of the text of a payload. Of a text that is no JSON object, its hash and size are the event. */
export function eventOf(text: string, options: EventOptions = {}): HookEvent {
  const { keepPrompts = false, agent = 'claude-code', overHttp = false, at = new Date() } = options;
  const payload = parsed(text) ?? {
    hook_event_name: 'Unreadable',
    payload_sha256: sha256(text),
    payload_bytes: Buffer.byteLength(text),
  };
  return {
    id: randomUUID(),
    at: at.toISOString(),
    agent,
    ...(overHttp && { overHttp }),
    payload: shortened(payload, keepPrompts, 0) as HookEvent['payload'],
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function shortened(value: unknown, keepPrompts: boolean, level: number): unknown {
  if (typeof value === 'string') return shortText(value, MAX_TEXT_CHARACTERS);
  if (typeof value !== 'object' || value === null) return value;
  if (level > MAX_LEVELS) return { too_deep: true };
  if (Array.isArray(value)) return value.map((item) => shortened(item, keepPrompts, level + 1));
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    if (keepPrompts || !PROMPT_KEYS.has(key) || typeof inner !== 'string')
      return [[key, shortened(inner, keepPrompts, level + 1)]];
    return [
      [`${key}_sha256`, sha256(inner)],
      [`${key}_characters`, inner.length],
    ];
  });
  return Object.fromEntries(entries);
}

/** Cuts a text that is longer than a limit, and says which text it was. */
export function shortText(text: string, maxCharacters: number): unknown {
  if (text.length <= maxCharacters) return text;
  return {
    beginning: text.slice(0, maxCharacters).toWellFormed(),
    sha256: sha256(text),
    characters: text.length,
  };
}
