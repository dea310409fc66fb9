/**
 * Write coalescing. SQLite writes in small pieces that lie end to end: three for every page in a journal, two for every
 * page in a log. In JavaScript each call to the storage costs about as much as the work behind it, so adjacent pieces
 * are collected in memory and written together.
 *
 * 1. The storage sees the same bytes in the same order as SQLite wrote them, over all files of a database. A piece that
 *    does not continue the pending range has that range written first. A crash can leave behind what it could leave
 *    without this file; the only addition is that a pending range is lost with the process.
 * 2. Nothing stays pending beyond a sync, a truncation, a released lock, a closed or deleted file, or the end of a
 *    commit, so every other reader of the file finds everything. While bytes are pending, SQLite holds its write lock, so
 *    no other connection reads the bytes they replace. A read through this connection has its file's range written first.
 * 3. A range that could not be written stays pending. Every call of rules 1 and 2 tries it again and fails until it
 *    succeeds: SQLite rolls back a failed transaction from what it wrote before, so it must not continue without it. The
 *    range is dropped with the lock or with its file, when SQLite no longer trusts its cache either.
 */
import type { StorageFile } from '../contract/storage.ts';
import { wrapFile } from '../contract/wrap-storage.ts';

/** Longer ranges gain nothing: the call is then cheap compared with copying the bytes. */
const MAX_PENDING_BYTES = 256 * 1024;

/** The pending writes of one connection, over all its files. */
export class WriteCoalescing {
  /** Allocated with the first write: many connections only read. */
  #bytes: Uint8Array | undefined;
  #file: StorageFile | undefined;
  #offset = 0;
  #lengthBytes = 0;

  /** @returns the same file with its writes coalesced */
  over(file: StorageFile): StorageFile {
    return wrapFile(file, {
      read: (target, offset) => {
        this.#flushFile(file);
        return file.read(target, offset);
      },
      write: (source, offset) => this.#write(file, source, offset),
      truncate: (sizeBytes) => {
        this.flush();
        file.truncate(sizeBytes);
      },
      sync: () => {
        this.flush();
        file.sync();
      },
      sizeBytes: () => {
        this.#flushFile(file);
        return file.sizeBytes();
      },
      unlock: (level) => {
        try {
          this.end();
        } finally {
          file.unlock(level);
        }
      },
      close: () => {
        try {
          this.end();
        } finally {
          file.close();
        }
      },
    });
  }

  /** True when no bytes are pending, so that the next write begins a range. */
  get isEmpty(): boolean {
    return this.#file === undefined;
  }

  /** Writes the pending range. When the storage throws, the range stays pending. */
  flush(): void {
    if (this.#file === undefined || this.#bytes === undefined) return;
    this.#file.write(this.#bytes.subarray(0, this.#lengthBytes), this.#offset);
    this.#drop();
  }

  /** Writes the pending range for the last time: it is dropped even when that fails. */
  end(): void {
    try {
      this.flush();
    } finally {
      this.#drop();
    }
  }

  #write(file: StorageFile, source: Uint8Array, offset: number): void {
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

  #flushFile(file: StorageFile): void {
    if (file === this.#file) this.flush();
  }

  #drop(): void {
    this.#file = undefined;
    this.#lengthBytes = 0;
  }
}
