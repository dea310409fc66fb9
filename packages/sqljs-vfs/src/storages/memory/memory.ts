import { InProcessLock, InProcessLockTable } from '../../locks/in-process-lock.ts';
import type { LockLevel } from '../../contract/database-lock.ts';
import type {
  FileOpenMode,
  FileRole,
  Storage,
  StorageCapabilities,
  StorageFile,
} from '../../contract/storage.ts';
import { systemError } from '../../contract/system-error.ts';
import { GrowingBytes } from './growing-bytes.ts';

/** The files of one database in memory, shared by every storage made on this disk. */
export class MemoryDisk {
  readonly files: Map<FileRole, GrowingBytes> = new Map();
  readonly locks: InProcessLockTable = new InProcessLockTable();
}

class MemoryFile implements StorageFile {
  readonly readOnly: boolean;
  readonly #content: GrowingBytes;
  readonly #lock: InProcessLock;

  constructor(content: GrowingBytes, locks: InProcessLockTable, readOnly: boolean) {
    this.#content = content;
    this.#lock = new InProcessLock(locks);
    this.readOnly = readOnly;
  }

  read(target: Uint8Array, offset: number): number {
    return this.#content.read(target, offset);
  }

  write(source: Uint8Array, offset: number): void {
    this.#refuseReadOnly();
    this.#content.write(source, offset);
  }

  truncate(sizeBytes: number): void {
    this.#refuseReadOnly();
    this.#content.truncate(sizeBytes);
  }

  sync(): void {
    // Nothing survives the process, as the capability `syncSurvives` says.
  }

  sizeBytes(): number {
    return this.#content.sizeBytes;
  }

  lock(level: LockLevel): boolean {
    return this.#lock.acquire(level);
  }

  unlock(level: LockLevel): void {
    this.#lock.release(level);
  }

  reserved(): boolean {
    return this.#lock.reserved();
  }

  close(): void {
    this.#lock.release(0);
  }

  #refuseReadOnly(): void {
    if (this.readOnly) throw systemError('EBADF', 'opened for reading only');
  }
}

function missing(role: FileRole): Error {
  return systemError('ENOENT', `no ${role} file`);
}

const capabilities: StorageCapabilities = {
  kind: 'memory',
  persistent: false,
  multiProcess: false,
  syncSurvives: 'nothing',
  atomicCommit: false,
  lockProvider: 'in process',
  pagesInMemory: 'all',
};

/**
 * Keeps a database in memory, without durability. It is the shortest implementation of the storage contract.
 * @param disk - pass the same disk again to open the same database from another connection
 */
export function memoryStorage(disk: MemoryDisk = new MemoryDisk()): Storage {
  return {
    capabilities,
    name: ':memory:',
    open(role: FileRole, mode: FileOpenMode): StorageFile {
      let content = disk.files.get(role);
      if (content && mode.exclusive) throw systemError('EEXIST', `${role} file exists`);
      if (!content) {
        if (!mode.create || mode.readOnly) throw missing(role);
        content = new GrowingBytes();
        disk.files.set(role, content);
      }
      return new MemoryFile(content, disk.locks, mode.readOnly);
    },
    delete(role: FileRole): void {
      if (!disk.files.delete(role)) throw missing(role);
    },
    exists(role: FileRole): boolean {
      return (disk.files.get(role)?.sizeBytes ?? 0) > 0;
    },
  };
}
