/** Ctrl-C (SIGINT), Ctrl-\ (SIGQUIT), a closed terminal (SIGHUP) and SIGTERM. */
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';

const EXIT_CODES_BY_SIGNAL = {
  SIGHUP: EXIT_CODES.hungUp,
  SIGINT: EXIT_CODES.interrupted,
  SIGQUIT: EXIT_CODES.quit,
  SIGTERM: EXIT_CODES.terminated,
} as const;

type EndingSignal = keyof typeof EXIT_CODES_BY_SIGNAL;

const SIGNALS = Object.keys(EXIT_CODES_BY_SIGNAL) as readonly EndingSignal[];

/**
 * Ends the process on a signal. A cancellable operation is aborted first, so that it leaves no partial files; a second
 * signal does not wait for it. Other work ends at once, which is safe because a save is one transaction.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #isCancellable = false;
  #exitCode: ExitCode | undefined;

  /** Exit code of the signal received, if any. */
  get exitCode(): ExitCode | undefined {
    return this.#exitCode;
  }

  /** Starts to listen for signals. */
  listen(): void {
    for (const signal of SIGNALS) {
      process.on(signal, this.#onSignal);
    }
  }

  /** Lets the system end the process on a signal: for work that does not let this thread hear one, and writes nothing. */
  endAtOnce(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const isSecond = this.#exitCode !== undefined;
    this.#exitCode = EXIT_CODES_BY_SIGNAL[signal as EndingSignal];
    if (isSecond || !this.#isCancellable) process.exit(this.#exitCode);
    this.#controller.abort();
  };

  /** Returns the `AbortSignal` for an operation that cleans up when aborted, and lets signals abort instead of exit. */
  cancellable(): AbortSignal {
    this.#isCancellable = true;
    return this.#controller.signal;
  }
}
