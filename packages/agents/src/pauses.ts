import { throwIfAborted } from './errors.ts';

/** Longest time between two pauses, short enough that a page on the same thread stays usable. */
const WORK_MS = 40;

/** Interrupts long work, so that the event loop runs meanwhile: there an abort arrives as a message or an event. */
export class Pauses {
  readonly #signal: AbortSignal | undefined;
  #lastMs = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /**
   * Yields to the event loop if the last pause was long ago. Call it between small steps of work.
   *
   * @throws {AgentError} ABORTED, or the signal's reason if that is an `AgentError`
   */
  async pauseIfDue(): Promise<void> {
    if (performance.now() - this.#lastMs >= WORK_MS) await this.pause();
  }

  /**
   * Yields to the event loop.
   *
   * @throws {AgentError} as {@link pauseIfDue}
   */
  async pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    throwIfAborted(this.#signal);
    this.#lastMs = performance.now();
  }
}
