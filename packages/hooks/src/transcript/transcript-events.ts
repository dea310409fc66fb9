/** Pure: the events of the lines of a transcript, as hooks would have recorded them. */
import { idOf } from '../mapping/event-row.ts';
import { eventOf, type EventOptions, type HookEvent } from '../recording/hook-event.ts';

interface TranscriptLine {
  readonly type?: unknown;
  readonly uuid?: unknown;
  readonly timestamp?: unknown;
  readonly sessionId?: unknown;
  readonly promptId?: unknown;
  readonly agentId?: unknown;
  readonly cwd?: unknown;
  readonly isMeta?: unknown;
  readonly message?: { readonly content?: unknown };
}

interface Block {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly input?: unknown;
  readonly tool_use_id?: unknown;
  readonly content?: unknown;
  readonly is_error?: unknown;
}

/** Reads lines in order and remembers what later ones refer to: the prompt of a turn, the tool of a call. */
export class TranscriptReader {
  readonly #options: EventOptions;
  readonly #tools = new Map<string, Block>();
  #prompt: string | undefined;
  #last: { readonly line: TranscriptLine; readonly prompt: string } | undefined;

  constructor(options: EventOptions) {
    this.#options = options;
  }

  /** Returns the events of a line; of a line of another kind, or that is no JSON, none. */
  read(text: string): HookEvent[] {
    const line = lineIn(text);
    if (line === undefined) return [];
    const begun = typeof line.promptId === 'string' ? line.promptId : this.#prompt;
    const ended = begun === this.#prompt ? [] : this.end();
    this.#prompt = begun;
    const payloads = this.#payloads(line);
    const events = payloads.map((payload, index) => this.#event(line, payload, String(index)));
    if (begun !== undefined && events.length > 0) this.#last = { line, prompt: begun };
    return [...ended, ...events];
  }

  /** Returns the end of the turn that was read last. */
  end(): HookEvent[] {
    if (this.#last === undefined) return [];
    const { line, prompt } = this.#last;
    this.#last = undefined;
    const payload = { hook_event_name: 'Stop', prompt_id: prompt, from_transcript: true };
    return [this.#event({ ...line, uuid: prompt }, payload, 'end')];
  }

  #payloads(line: TranscriptLine): object[] {
    const content = line.message?.content;
    if (line.type === 'user' && typeof content === 'string')
      return line.isMeta === true ? [] : [{ hook_event_name: 'UserPromptSubmit', prompt: content }];
    if (!Array.isArray(content)) return [];
    return content.flatMap((block: Block | null): object[] => {
      if (line.type === 'assistant' && block?.type === 'tool_use') return this.#call(block);
      if (line.type === 'user' && block?.type === 'tool_result') return this.#result(block);
      return [];
    });
  }

  #call(block: Block): object[] {
    if (typeof block.id !== 'string') return [];
    this.#tools.set(block.id, block);
    return [
      {
        hook_event_name: 'PreToolUse',
        tool_name: block.name,
        tool_input: block.input,
        tool_use_id: block.id,
      },
    ];
  }

  #result({ tool_use_id: id, content, is_error: isError }: Block): object[] {
    if (typeof id !== 'string') return [];
    const { name, input } = this.#tools.get(id) ?? {};
    this.#tools.delete(id);
    const call = { tool_name: name, tool_input: input, tool_use_id: id };
    if (isError !== true) return [{ hook_event_name: 'PostToolUse', ...call, tool_response: content }];
    const error = typeof content === 'string' ? content : JSON.stringify(content);
    return [{ hook_event_name: 'PostToolUseFailure', ...call, error }];
  }

  #event(line: TranscriptLine, payload: object, part: string): HookEvent {
    const common = {
      session_id: line.sessionId,
      ...(this.#prompt !== undefined && { prompt_id: this.#prompt }),
      ...(typeof line.agentId === 'string' && { agent_id: line.agentId }),
      cwd: line.cwd,
    };
    const at = new Date(String(line.timestamp));
    const event = eventOf(JSON.stringify({ ...common, ...payload }), { ...this.#options, at });
    return { ...event, id: idOf('transcript', String(line.sessionId), String(line.uuid), part) };
  }
}

function lineIn(text: string): TranscriptLine | undefined {
  try {
    const line = JSON.parse(text) as TranscriptLine | null;
    const isMessage = line?.type === 'user' || line?.type === 'assistant';
    const isUsable = typeof line?.sessionId === 'string' && !Number.isNaN(Date.parse(String(line.timestamp)));
    return isMessage && isUsable ? line : undefined;
  } catch {
    return undefined;
  }
}
