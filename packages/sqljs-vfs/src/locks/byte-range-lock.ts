/**
 * SQLite's byte-range protocol on a shared file, so that native `sqlite3`, other languages' drivers and this package
 * exclude each other (os_unix.c, "unixLock", and https://www.sqlite.org/lockingv3.html).
 *
 * 1. A reader holds a read lock on the shared range. To get it, it briefly holds a read lock on the pending byte.
 * 2. A connection that intends to write holds a write lock on the reserved byte.
 * 3. A connection that is about to change the file holds a write lock on the pending byte, which keeps new readers out,
 *    and then on the whole shared range, which proves that no reader is left.
 * 4. Only a connection that rolls back a hot journal goes from shared to exclusive without the pending byte.
 * 5. The reserved byte is never probed by locking it: doing so made a native reader read a malformed database. So
 *    `reserved()` answers for this handle only, and the writer's read lock has to keep out those who take its journal for hot.
 * 6. On Windows that read lock is gone before the writer has its write lock (os_win.c, "winLock"), and only the pending byte
 *    keeps the others out meanwhile. So there a rollback takes that byte too.
 */
import { type DatabaseLock, LockLevel } from '../contract/database-lock.ts';

/** Offset of the first lock byte. The page that holds it is never used for data (SQLite file format, 1.4). */
export const PENDING_BYTE = 0x40000000;
const RESERVED_BYTE: number = PENDING_BYTE + 1;
const SHARED_FIRST: number = PENDING_BYTE + 2;
const SHARED_SIZE_BYTES = 510;

/** Byte-range locks of the operating system. They are tried, never waited for. */
export interface RangeLocks {
  /** Shown in `info` and in messages. */
  readonly name: string;
  /** @returns false when another open file holds a conflicting lock */
  tryShared(fd: number, offset: number, lengthBytes: number): boolean;
  /** @returns false when another open file holds a conflicting lock */
  tryExclusive(fd: number, offset: number, lengthBytes: number): boolean;
  /** A length of 0 means up to the end of the file, wherever that is. */
  unlock(fd: number, offset: number, lengthBytes: number): void;
  /**
   * Called before a database is opened, with its folder. Throws when the locks would exclude no one; the database is then
   * refused with `LOCKS_UNAVAILABLE`.
   */
  check?(directory: string): void;
  /**
   * True when a lock becomes one of the other kind by being given up first, as on Windows. When it cannot be taken back,
   * `LockLostError` is thrown.
   */
  readonly convertsByGivingUp?: boolean;
}

/** Error for a lock that was given up to become one of the other kind, and is another open file's now. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
}

/** The lock of one open file in the protocol above. */
export class ByteRangeLock implements DatabaseLock {
  #level: LockLevel = LockLevel.none;
  readonly #fd: number;
  readonly #ranges: RangeLocks;

  constructor(fd: number, ranges: RangeLocks) {
    this.#fd = fd;
    this.#ranges = ranges;
  }

  get level(): LockLevel {
    return this.#level;
  }

  acquire(level: LockLevel): boolean {
    if (level <= this.#level) return true;
    if (level === LockLevel.shared) return this.#acquireShared();
    if (level === LockLevel.reserved) {
      if (!this.#ranges.tryExclusive(this.#fd, RESERVED_BYTE, 1)) return false;
      this.#level = LockLevel.reserved;
      return true;
    }
    return this.#acquireExclusive();
  }

  #acquireShared(): boolean {
    if (!this.#ranges.tryShared(this.#fd, PENDING_BYTE, 1)) return false;
    let granted = false;
    try {
      granted = this.#ranges.tryShared(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES);
      // Held from here on, even if unlocking the pending byte fails.
      if (granted) this.#level = LockLevel.shared;
    } finally {
      this.#ranges.unlock(this.#fd, PENDING_BYTE, 1);
    }
    return granted;
  }

  #acquireExclusive(): boolean {
    const isRollback = this.#level === LockLevel.shared;
    if (this.#level === LockLevel.reserved || (isRollback && this.#ranges.convertsByGivingUp === true)) {
      if (!this.#ranges.tryExclusive(this.#fd, PENDING_BYTE, 1)) return false;
      this.#level = LockLevel.pending;
    }
    try {
      if (!this.#ranges.tryExclusive(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES)) return false;
    } catch (error) {
      // Native SQLite rolls back without the pending byte, and may have been faster. SQLite then gives up every lock.
      if (isRollback && error instanceof LockLostError) return false;
      throw error;
    }
    this.#level = LockLevel.exclusive;
    return true;
  }

  release(level: LockLevel): void {
    if (level >= this.#level) return;
    if (level === LockLevel.none) {
      this.#ranges.unlock(this.#fd, 0, 0);
    } else {
      // Downgrade the shared range before unlocking the other bytes, so that no writer gets in between.
      if (!this.#ranges.tryShared(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES)) {
        throw new Error('the operating system refused to downgrade a write lock to a read lock');
      }
      this.#ranges.unlock(this.#fd, PENDING_BYTE, 2);
    }
    this.#level = level;
  }

  reserved(): boolean {
    return this.#level > LockLevel.shared;
  }
}
