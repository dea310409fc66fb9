import type { FileOpenMode, FileRole, Storage, StorageFile } from '@ggen-sim/sqljs-vfs';
import { observedStorage } from '@ggen-sim/sqljs-vfs/testing';

/** A storage whose owner can die, and what it takes to have that happen. */
export interface CrashableStorage {
  readonly storage: Storage;
  /** Before the k-th call from now, counted from 0. */
  crashAt(calls: number): void;
  crashNow(): void;
}

/**
 * The storage of a process that dies: from one call on nothing reaches the files any more, and what the process held
 * open, its locks with it, is let go, as an operating system does.
 */
export function crashableStorage(storage: Storage): CrashableStorage {
  const openFiles = new Set<StorageFile>();
  let callsLeft = Infinity;
  let isDead = false;

  const crashNow = (): void => {
    if (isDead) return;
    isDead = true;
    for (const file of openFiles) file.close();
    openFiles.clear();
  };

  const remembering: Storage = {
    capabilities: storage.capabilities,
    name: storage.name,
    close: () => storage.close?.(),
    open(role: FileRole, mode: FileOpenMode): StorageFile {
      const file = storage.open(role, mode);
      openFiles.add(file);
      return forgetting(file, () => void openFiles.delete(file));
    },
    delete: (role, options) => storage.delete(role, options),
    exists: (role) => storage.exists(role),
  };
  const observed = observedStorage(remembering, () => {
    if (callsLeft-- <= 0) crashNow();
    if (isDead)
      throw Object.assign(new Error('the process that owned this storage is dead'), { code: 'EIO' });
  });
  return { storage: observed, crashAt: (calls) => void (callsLeft = calls), crashNow };
}

function forgetting(file: StorageFile, forget: () => void): StorageFile {
  return {
    readOnly: file.readOnly,
    read: (target, offset) => file.read(target, offset),
    write: (source, offset) => file.write(source, offset),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.sync(),
    sizeBytes: () => file.sizeBytes(),
    lock: (level) => file.lock(level),
    unlock: (level) => file.unlock(level),
    reserved: () => file.reserved(),
    close() {
      forget();
      file.close();
    },
  };
}
