import type { LockLevel } from '../contract/database-lock.ts';
import type { FileOpenMode, FileRole, Storage, StorageFile } from '../contract/storage.ts';

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

class ObservedFile implements StorageFile {
  readonly readOnly: boolean;
  readonly #file: StorageFile;
  readonly #observe: (verb: StorageCall['verb'], sizeBytes?: number) => void;

  constructor(file: StorageFile, observe: (verb: StorageCall['verb'], sizeBytes?: number) => void) {
    this.#file = file;
    this.#observe = observe;
    this.readOnly = file.readOnly;
  }

  read(target: Uint8Array, offset: number): number {
    this.#observe('read', target.length);
    return this.#file.read(target, offset);
  }

  write(source: Uint8Array, offset: number): void {
    this.#observe('write', source.length);
    this.#file.write(source, offset);
  }

  truncate(sizeBytes: number): void {
    this.#observe('truncate');
    this.#file.truncate(sizeBytes);
  }

  sync(): void {
    this.#observe('sync');
    this.#file.sync();
  }

  sizeBytes(): number {
    return this.#file.sizeBytes();
  }

  lock(level: LockLevel): boolean {
    this.#observe('lock');
    return this.#file.lock(level);
  }

  unlock(level: LockLevel): void {
    this.#observe('unlock');
    this.#file.unlock(level);
  }

  reserved(): boolean {
    return this.#file.reserved();
  }

  close(): void {
    this.#observe('close');
    this.#file.close();
  }
}

/**
 * A storage that tells of every call before it is made. An observer that throws makes the call fail (a full disk, a
 * broken cable); one that ends the process leaves the files as they are at that moment.
 */
export function observedStorage(storage: Storage, observe: (call: StorageCall) => void): Storage {
  return {
    capabilities: storage.capabilities,
    name: storage.name,
    ...(storage.transactions && { transactions: storage.transactions }),
    close: () => storage.close?.(),
    restrictPermissions: () => storage.restrictPermissions?.(),
    open(role: FileRole, mode: FileOpenMode): StorageFile {
      observe({ verb: 'open', role, sizeBytes: 0 });
      return new ObservedFile(storage.open(role, mode), (verb, sizeBytes = 0) =>
        observe({ verb, role, sizeBytes }),
      );
    },
    delete(role: FileRole, options: { readonly syncDirectory: boolean }): void {
      observe({ verb: 'delete', role, sizeBytes: 0 });
      storage.delete(role, options);
    },
    exists(role: FileRole): boolean {
      observe({ verb: 'exists', role, sizeBytes: 0 });
      return storage.exists(role);
    },
  };
}

/** What went through a {@link countingStorage}. */
export interface StorageCounts {
  /** Calls by verb. */
  readonly calls: Record<StorageCall['verb'], number>;
  readBytes: number;
  writtenBytes: number;
}

/** A storage that counts: for tests and measurements of how much an operation reads, writes and syncs. */
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
