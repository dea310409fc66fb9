/**
 * Holds a Web Lock for as long as this worker lives: the browser releases it however the thread ends, and the client,
 * which waits for the same lock, learns of the end.
 * @param lockName - chosen by the client, unique to this worker
 * @returns once the lock is held; a client that asked for it earlier would take the worker for terminated
 */
export function holdLivenessLock(lockName: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (typeof navigator.locks === 'undefined') return resolve();
    const hold = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    navigator.locks.request(lockName, hold).catch(reject);
  });
}
