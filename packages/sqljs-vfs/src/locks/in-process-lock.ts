import { type DatabaseLock, LockLevel } from '../contract/database-lock.ts';

/** The locks on one database, shared by all its handles in this process. */
export class InProcessLockTable {
  readonly shared: Set<InProcessLock> = new Set();
  writer: InProcessLock | undefined;
  pending: boolean = false;
}

/** A lock kept in this process's memory: for storages that no other process can reach. */
export class InProcessLock implements DatabaseLock {
  #level: LockLevel = LockLevel.none;
  readonly #table: InProcessLockTable;

  constructor(table: InProcessLockTable) {
    this.#table = table;
  }

  get level(): LockLevel {
    return this.#level;
  }

  acquire(level: LockLevel): boolean {
    if (level <= this.#level) return true;
    const table = this.#table;
    const othersWrite = table.writer !== undefined && table.writer !== this;
    if (level === LockLevel.shared) {
      if (othersWrite && table.pending) return false;
      table.shared.add(this);
    } else if (level === LockLevel.reserved) {
      if (othersWrite) return false;
      table.writer = this;
    } else {
      if (othersWrite) return false;
      table.writer = this;
      table.pending = true;
      this.#level = LockLevel.pending;
      const othersRead = table.shared.size > (table.shared.has(this) ? 1 : 0);
      if (othersRead) return false;
    }
    this.#level = level;
    return true;
  }

  release(level: LockLevel): void {
    if (level >= this.#level) return;
    const table = this.#table;
    if (table.writer === this) {
      table.writer = undefined;
      table.pending = false;
    }
    if (level === LockLevel.none) table.shared.delete(this);
    this.#level = level;
  }

  reserved(): boolean {
    return this.#table.writer !== undefined;
  }
}
