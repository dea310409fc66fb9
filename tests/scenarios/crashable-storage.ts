import type { Storage, StorageFile } from '@ggen-sim/sqljs-vfs';
import { observedStorage, wrapFile, wrapStorage } from '@ggen-sim/sqljs-vfs/testing';

/** A storage whose owning process can be made to crash. */
export interface CrashableStorage {
  readonly storage: Storage;
  /** Crashes before a later call. @param calls - how many calls still succeed */
  crashAt(calls: number): void;
  crashNow(): void;
}

/**
 * Makes the storage of a process that crashes. From one call on, nothing reaches the files. Open files are closed and
 * their locks released, as the operating system does for a killed process.
 */
export function crashableStorage(storage: Storage): CrashableStorage {
  const openFiles = new Set<StorageFile>();
  let callsLeft = Infinity;
  let hasCrashed = false;

  const crashNow = (): void => {
    if (hasCrashed) return;
    hasCrashed = true;
    for (const file of openFiles) file.close();
    openFiles.clear();
  };

  const tracked = wrapStorage(storage, {
    open(role, mode) {
      const file = storage.open(role, mode);
      openFiles.add(file);
      return wrapFile(file, {
        close() {
          openFiles.delete(file);
          file.close();
        },
      });
    },
  });
  const observed = observedStorage(tracked, () => {
    if (callsLeft-- <= 0) crashNow();
    if (hasCrashed)
      throw Object.assign(new Error('the process that owned this storage crashed'), { code: 'EIO' });
  });
  return { storage: observed, crashAt: (calls) => void (callsLeft = calls), crashNow };
}
