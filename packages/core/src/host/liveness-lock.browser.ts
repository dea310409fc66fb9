/**
 * Holds a Web Lock until this worker ends. The browser releases it however the thread ends, and the client, which waits
 * for the same lock, is then told.
 * @param lockName - chosen by the client, unique to this worker
 * @returns resolves once the lock is held; a client that requested it earlier would take the worker for terminated
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
