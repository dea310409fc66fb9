/** Storages that break a promise of the contract: negative controls, in each of which the scenarios must find a fault. */
import type { FileRole, Storage, StorageFile } from '@ggen-sim/sqljs-vfs';
import { wrapFile, wrapStorage } from '@ggen-sim/sqljs-vfs/testing';

/** The change counter and the bytes after it in the file header, which SQLite compares with its cache (file format, 1.3.7). */
const CHANGE_COUNTER = { offset: 24, sizeBytes: 16 } as const;
const HEADER_SIZE_BYTES = 100;

/** Drops every write to the rollback journal, so that a crashing process leaves part of a transaction. */
export function withoutJournalWrites(storage: Storage): Storage {
  return withFiles(storage, (file, role) =>
    role === 'journal' ? wrapFile(file, { write: () => undefined }) : file,
  );
}

/** Shows SQLite the change counter that this connection last saw, which hides the commits of other connections. */
export function withUnseenCommits(storage: Storage): Storage {
  return withFiles(storage, (file, role) => {
    if (role !== 'main') return file;
    let lastSeen: Uint8Array | undefined;
    const remember = (bytes: Uint8Array, offset: number): void => {
      if (offset !== 0 || bytes.length < HEADER_SIZE_BYTES) return;
      lastSeen = bytes.slice(CHANGE_COUNTER.offset, CHANGE_COUNTER.offset + CHANGE_COUNTER.sizeBytes);
    };
    return wrapFile(file, {
      read(target, offset) {
        const readBytes = file.read(target, offset);
        if (lastSeen && offset === CHANGE_COUNTER.offset && target.length === CHANGE_COUNTER.sizeBytes) {
          target.set(lastSeen);
        }
        remember(target, offset);
        return readBytes;
      },
      write(source, offset) {
        remember(source, offset);
        file.write(source, offset);
      },
    });
  });
}

function withFiles(storage: Storage, wrap: (file: StorageFile, role: FileRole) => StorageFile): Storage {
  return wrapStorage(storage, { open: (role, mode) => wrap(storage.open(role, mode), role) });
}
