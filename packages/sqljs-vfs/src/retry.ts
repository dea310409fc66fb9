/** How long to repeat a call, and how often. */
export interface RetryPolicy {
  /** Time after which the last error is thrown. With 0 there is one attempt. */
  readonly timeoutMs: number;
  /** Returns the pause after a failed attempt; attempts are counted from 0. */
  readonly pauseMs: (attempt: number) => number;
}

/** Repeats a call while it fails with an error that can pass. The event loop is free between the attempts. */
export async function retryWhile<T>(
  canPass: (error: unknown) => boolean,
  call: () => T | Promise<T>,
  { timeoutMs, pauseMs }: RetryPolicy,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!canPass(error) || performance.now() >= deadline) throw error;
      await pause(pauseMs(attempt));
    }
  }
}

/** Resolves after `durationMs` milliseconds without blocking the event loop. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
