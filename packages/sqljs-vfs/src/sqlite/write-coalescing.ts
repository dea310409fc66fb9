/**
 * SQLite writes in small pieces that lie end to end: three for every page in a journal, two for every page in a log.
 * In JavaScript each call to the storage costs about as much as the work behind it, so pieces that follow each other
 * are gathered in memory and written as one.
 *
 * 1. The storage sees the same bytes in the same order as SQLite wrote them, over all files of a database: whatever
 *    does not continue the run of gathered bytes has the run written first. So what a crash can leave behind is what
 *    it could leave without this file, and the only new thing is that a run not yet written is lost with the process.
 * 2. Nothing waits beyond a sync, a truncation, a lock given up, a file closed or deleted, or the end of a commit:
 *    whoever may look at the file then finds everything. Only SQLite's own write lock is held while bytes wait, so
 *    nobody else reads what they replace; a read through this connection has its own file's run written first.
 * 3. A run that could not be written stays and is tried again at every call of rule 1 and 2, which fail until it
 *    succeeds. SQLite takes back a failed transaction with the help of what it wrote before, so it must not go on
 *    without it. The run ends with the lock or with its file, when SQLite no longer trusts its cache either.
 */
import type { LockLevel } from '../contract/database-lock.ts';
import type { StorageFile } from '../contract/storage.ts';

/** Longer runs gain nothing more: the call is cheap by then beside the copying. */
const MAX_PENDING_BYTES = 256 * 1024;

/** The writes of one connection, over all its files. */
export class WriteCoalescing {
  /** Made with the first write: many connections only read. */
  #bytes: Uint8Array | undefined;
  #file: StorageFile | undefined;
  #offset = 0;
  #lengthBytes = 0;

  /** The same file, with its writes gathered. */
  over(file: StorageFile): StorageFile {
    return new CoalescedFile(file, this);
  }

  write(file: StorageFile, source: Uint8Array, offset: number): void {
    const continues = file === this.#file && offset === this.#offset + this.#lengthBytes;
    if (!continues || this.#lengthBytes + source.length > MAX_PENDING_BYTES) {
      this.flush();
      if (source.length > MAX_PENDING_BYTES) {
        file.write(source, offset);
        return;
      }
      this.#file = file;
      this.#offset = offset;
    }
    this.#bytes ??= new Uint8Array(MAX_PENDING_BYTES);
    this.#bytes.set(source, this.#lengthBytes);
    this.#lengthBytes += source.length;
  }

  /** Writes what waits. Throws what the storage throws; the run then still waits. */
  flush(): void {
    if (this.#file === undefined || this.#bytes === undefined) return;
    this.#file.write(this.#bytes.subarray(0, this.#lengthBytes), this.#offset);
    this.#forget();
  }

  /** Writes what waits for a file. */
  flushFile(file: StorageFile): void {
    if (file === this.#file) this.flush();
  }

  /** Writes what waits, for the last time. */
  end(): void {
    try {
      this.flush();
    } finally {
      this.#forget();
    }
  }

  #forget(): void {
    this.#file = undefined;
    this.#lengthBytes = 0;
  }
}

class CoalescedFile implements StorageFile {
  readonly readOnly: boolean;
  readonly #file: StorageFile;
  readonly #writes: WriteCoalescing;

  constructor(file: StorageFile, writes: WriteCoalescing) {
    this.#file = file;
    this.#writes = writes;
    this.readOnly = file.readOnly;
  }

  read(target: Uint8Array, offset: number): number {
    this.#writes.flushFile(this.#file);
    return this.#file.read(target, offset);
  }

  write(source: Uint8Array, offset: number): void {
    this.#writes.write(this.#file, source, offset);
  }

  truncate(sizeBytes: number): void {
    this.#writes.flush();
    this.#file.truncate(sizeBytes);
  }

  sync(): void {
    this.#writes.flush();
    this.#file.sync();
  }

  sizeBytes(): number {
    this.#writes.flushFile(this.#file);
    return this.#file.sizeBytes();
  }

  lock(level: LockLevel): boolean {
    return this.#file.lock(level);
  }

  unlock(level: LockLevel): void {
    try {
      this.#writes.end();
    } finally {
      this.#file.unlock(level);
    }
  }

  reserved(): boolean {
    return this.#file.reserved();
  }

  close(): void {
    try {
      this.#writes.end();
    } finally {
      this.#file.close();
    }
  }
}
