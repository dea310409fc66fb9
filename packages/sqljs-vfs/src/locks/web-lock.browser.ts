/**
 * Waits for a Web Lock (https://developer.mozilla.org/docs/Web/API/Web_Locks_API).
 * @returns the function that releases it; undefined when other contexts kept it for `timeoutMs`
 * @throws {DOMException} when the browser refuses the request
 */
export function acquireWebLock(name: string, timeoutMs: number): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<void> => new Promise((release) => resolve(release));
    navigator.locks
      .request(name, { signal: AbortSignal.timeout(timeoutMs) }, hold)
      .catch((error: unknown) => {
        if ((error as { name?: unknown } | null)?.name === 'TimeoutError') resolve(undefined);
        else reject(error);
      });
  });
}
