/** Ctrl-C and requests to terminate. */
import { exitCodes, type ExitCode } from './exit-codes.ts';

const exitCodeOfSignal = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

/**
 * Ends the process on a signal. Work that knows how to stop is asked to, so that nothing half-written stays behind, and
 * a second signal does not wait for it; anything else ends at once, which is safe because a save is one transaction.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #isStoppable = false;
  #exitCode: ExitCode | undefined;

  /** The exit code a signal asked for, if one came. */
  get exitCode(): ExitCode | undefined {
    return this.#exitCode;
  }

  /** Begins to listen. */
  watch(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        const wasAsked = this.#exitCode !== undefined;
        this.#exitCode = exitCodeOfSignal[signal];
        if (wasAsked || !this.#isStoppable) process.exit(this.#exitCode);
        this.#controller.abort();
      });
    }
  }

  /** The signal for work that stops cleanly by itself. */
  stoppable(): AbortSignal {
    this.#isStoppable = true;
    return this.#controller.signal;
  }
}
