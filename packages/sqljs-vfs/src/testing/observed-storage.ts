import type { LockLevel } from '../contract/database-lock.ts';
import type { FileRole, Storage } from '../contract/storage.ts';
import { wrapFile, wrapStorage } from '../contract/wrap-storage.ts';

/** One call that a database makes on its storage. */
export interface StorageCall {
  readonly verb:
    | 'open'
    | 'read'
    | 'write'
    | 'truncate'
    | 'sync'
    | 'lock'
    | 'unlock'
    | 'close'
    | 'delete'
    | 'exists';
  readonly role: FileRole;
  /** Bytes to read or write; 0 for other verbs. */
  readonly sizeBytes: number;
}

/**
 * Wraps a storage so that `observe` receives every call before it is made. An observer that throws makes the call fail,
 * as a full disk does. An observer that ends the process leaves the files as they are at that moment.
 */
export function observedStorage(storage: Storage, observe: (call: StorageCall) => void): Storage {
  return wrapStorage(storage, {
    open(role, mode) {
      observe({ verb: 'open', role, sizeBytes: 0 });
      const file = storage.open(role, mode);
      const observed =
        <Parameters extends readonly unknown[], T>(
          verb: StorageCall['verb'],
          call: (...parameters: Parameters) => T,
          sizeOf: (...parameters: Parameters) => number = () => 0,
        ) =>
        (...parameters: Parameters): T => {
          observe({ verb, role, sizeBytes: sizeOf(...parameters) });
          return call(...parameters);
        };
      return wrapFile(file, {
        read: observed('read', (target: Uint8Array, offset: number) => file.read(target, offset), byteLength),
        write: observed(
          'write',
          (source: Uint8Array, offset: number) => file.write(source, offset),
          byteLength,
        ),
        truncate: observed('truncate', (sizeBytes: number) => file.truncate(sizeBytes)),
        sync: observed('sync', () => file.sync()),
        lock: observed('lock', (level: LockLevel) => file.lock(level)),
        unlock: observed('unlock', (level: LockLevel) => file.unlock(level)),
        close: observed('close', () => file.close()),
      });
    },
    delete(role, options) {
      observe({ verb: 'delete', role, sizeBytes: 0 });
      storage.delete(role, options);
    },
    exists(role) {
      observe({ verb: 'exists', role, sizeBytes: 0 });
      return storage.exists(role);
    },
  });
}

function byteLength(bytes: Uint8Array): number {
  return bytes.length;
}

/** Sums over the calls that a {@link countingStorage} received. */
export interface StorageCounts {
  /** Calls by verb. */
  readonly calls: Record<StorageCall['verb'], number>;
  readBytes: number;
  writtenBytes: number;
}

/** Counts the calls on a storage, to measure the reads, writes and syncs of an operation. */
export function countingStorage(storage: Storage): {
  readonly storage: Storage;
  readonly counts: StorageCounts;
  /** Sets every count to zero. */
  reset(): void;
} {
  const none = (): StorageCounts['calls'] => ({
    open: 0,
    read: 0,
    write: 0,
    truncate: 0,
    sync: 0,
    lock: 0,
    unlock: 0,
    close: 0,
    delete: 0,
    exists: 0,
  });
  const counts = { calls: none(), readBytes: 0, writtenBytes: 0 };
  return {
    storage: observedStorage(storage, ({ verb, sizeBytes }) => {
      counts.calls[verb] += 1;
      if (verb === 'read') counts.readBytes += sizeBytes;
      if (verb === 'write') counts.writtenBytes += sizeBytes;
    }),
    counts,
    reset(): void {
      Object.assign(counts, { calls: none(), readBytes: 0, writtenBytes: 0 });
    },
  };
}
