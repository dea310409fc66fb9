/** Storages that break a promise of the contract, to see that the stories notice. */
import type { FileOpenMode, FileRole, Storage, StorageFile } from '@ggen-sim/sqljs-vfs';

/** Where an SQLite file says how often it has changed, and what SQLite compares with its cache. */
const CHANGE_COUNTER = { offset: 24, sizeBytes: 16 } as const;
const HEADER_BYTES = 100;

/** What a rollback journal is told is forgotten: whoever dies half way leaves half of a transaction. */
export function withJournalsThatNeverArrive(storage: Storage): Storage {
  return withFiles(storage, (file, role) =>
    role === 'journal' ? { ...callsOf(file), write: () => undefined } : callsOf(file),
  );
}

/** SQLite is told that the file is as this connection last read or wrote it, whatever others have committed. */
export function withUnseenCommits(storage: Storage): Storage {
  return withFiles(storage, (file, role) => {
    if (role !== 'main') return callsOf(file);
    let known: Uint8Array | undefined;
    const remember = (bytes: Uint8Array, offset: number): void => {
      if (offset !== 0 || bytes.length < HEADER_BYTES) return;
      known = bytes.slice(CHANGE_COUNTER.offset, CHANGE_COUNTER.offset + CHANGE_COUNTER.sizeBytes);
    };
    return {
      ...callsOf(file),
      read(target, offset) {
        const count = file.read(target, offset);
        if (known && offset === CHANGE_COUNTER.offset && target.length === CHANGE_COUNTER.sizeBytes) {
          target.set(known);
        }
        remember(target, offset);
        return count;
      },
      write(source, offset) {
        remember(source, offset);
        file.write(source, offset);
      },
    };
  });
}

function withFiles(storage: Storage, change: (file: StorageFile, role: FileRole) => StorageFile): Storage {
  return {
    capabilities: storage.capabilities,
    name: storage.name,
    open: (role: FileRole, mode: FileOpenMode) => change(storage.open(role, mode), role),
    delete: (role, options) => storage.delete(role, options),
    exists: (role) => storage.exists(role),
    close: () => storage.close?.(),
  };
}

/** A file's calls as plain functions, for one or two of them to be replaced. */
function callsOf(file: StorageFile): StorageFile {
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
    close: () => file.close(),
  };
}
