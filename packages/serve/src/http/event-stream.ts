/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) to one reader. */
import type { ServerResponse } from 'node:http';
import { errorBody, type HttpError } from './http-error.ts';
import type { Exchange } from './route.ts';

export const EVENT_STREAM_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Proxies that collect answers would hold events back.
  'x-accel-buffering': 'no',
};

/** An event to send. */
export interface ServerSentEvent {
  readonly id?: string;
  /** @default 'message' */
  readonly type?: string;
  readonly data: string;
}

/**
 * Writes events at the reader's pace: the next one is not taken before the system has taken the last. A comment in pauses
 * shows both ends that the connection holds.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #signal: AbortSignal;
  readonly #stalledMs: number;
  readonly #timer: NodeJS.Timeout;
  #isIdle = true;
  #position: string | undefined;

  /**
   * Begins the answer.
   * @param retryMs - pause after which a browser that was cut off connects again
   */
  constructor({ response, signal, limits }: Exchange, retryMs: number) {
    this.#response = response;
    this.#signal = signal;
    this.#stalledMs = limits.stalledMs;
    response.writeHead(200, EVENT_STREAM_HEADERS);
    response.write(`retry: ${retryMs}\n\n`);
    this.#timer = setInterval(this.#beat, limits.heartbeatMs);
    response.once('close', () => clearInterval(this.#timer));
  }

  /** Sends an event. Resolves when the system has taken it, or at once when the reader has gone. */
  async send({ id, type, data }: ServerSentEvent): Promise<void> {
    const lines = data.split(/\r\n|[\r\n]/).map((line) => `data: ${line}\n`);
    const fields = [
      ...(type === undefined ? [] : [`event: ${type}\n`]),
      ...(id === undefined ? [] : [`id: ${id}\n`]),
    ];
    this.#position = undefined;
    await this.#write(`${[...fields, ...lines].join('')}\n`);
  }

  /** Sends a failure as an event of the type `failure`, whose data is the same as that of a refused request. */
  async sendFailure(error: HttpError): Promise<void> {
    await this.send({ type: 'failure', data: errorBody(error).trimEnd() });
  }

  /** Notes how far the reader has come without an event: its next Last-Event-ID. The next comment tells it. */
  passed(id: string): void {
    this.#position = id;
  }

  /** Tells the reader its position now, without an event. */
  async sendPosition(id: string): Promise<void> {
    this.#position = undefined;
    await this.#write(`id: ${id}\n\n`);
  }

  /** Ends the answer. */
  end(): void {
    clearInterval(this.#timer);
    this.#response.end();
  }

  readonly #beat = (): void => {
    // While the reader is behind, it has something to read.
    if (!this.#isIdle) return;
    const position = this.#position;
    this.#position = undefined;
    // An id without data moves the position and dispatches nothing.
    void this.#write(position === undefined ? ':\n\n' : `id: ${position}\n\n`);
  };

  async #write(text: string): Promise<void> {
    if (this.#signal.aborted || this.#response.destroyed) return;
    if (this.#response.write(text)) return;
    this.#isIdle = false;
    try {
      await this.#drained();
    } finally {
      this.#isIdle = true;
    }
  }

  /** Waits until the reader has taken what was sent. One that takes nothing for long is disconnected. */
  async #drained(): Promise<void> {
    const response = this.#response;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        response.off('drain', settle);
        response.off('close', settle);
        this.#signal.removeEventListener('abort', settle);
        resolve();
      };
      const timer = setTimeout(() => response.destroy(), this.#stalledMs);
      response.once('drain', settle);
      response.once('close', settle);
      this.#signal.addEventListener('abort', settle);
    });
  }
}
