/**
 * The storage contract: what a place must do to hold an SQLite database. A database is up to three files, told apart
 * by their role. SQLite runs its own rollback journal and its own locking protocol directly against them, so a
 * storage needs no notion of pages or transactions; it must keep these promises, which the conformance suite
 * (`@ggen-sim/sqljs-vfs/testing`) cites by number:
 *
 *  1. What was written is read back, through the same handle and through any other, at once.
 *  2. A read past the end returns fewer bytes than asked, never invents any, and is no error.
 *  3. A write past the end extends the file; the gap reads as zeros.
 *  4. Truncating to a smaller size discards the rest for good: growing again shows zeros, not the old bytes.
 *  5. After `sync` returns, everything written to that file before survives whatever the storage's capabilities say it
 *     survives; and the first sync of a newly created file makes its name durable as well.
 *  6. `exists` is true only for a file of more than zero bytes: an empty journal is no journal.
 *  7. `delete` of a missing file throws an error whose `code` is `ENOENT`; with `syncDirectory` the deletion is durable
 *     when it returns.
 *  8. Locks keep the protocol of `locks/database-lock.ts` between any two handles, and closing a handle frees its locks.
 *  9. A storage throws the platform's own errors; it never throws because something is busy, and never swallows one.
 * 10. Content lives as long as the storage says (`persistent`): a new storage on the same place sees it.
 */
import type { LockLevel } from './database-lock.ts';
import type { StorageTransactions } from './storage-transactions.ts';

/** Which of a database's files: the pages, the rollback journal, or the write-ahead log. */
export type FileRole = 'main' | 'journal' | 'wal';

/** What a storage can do, as data: read by callers, by the conformance suite and by the README's matrix. */
export interface StorageCapabilities {
  /** One word for `info` and the matrix. */
  readonly kind: string;
  /** Content outlives the process. */
  readonly persistent: boolean;
  /** Several processes may open it at once, native SQLite among them. */
  readonly multiProcess: boolean;
  /** What a sync survives. */
  readonly syncSurvives: 'nothing' | 'process end' | 'power loss';
  /**
   * A turn commits as a whole by itself, so SQLite's rollback journal can stay in memory.
   * Otherwise SQLite's journal is what makes a commit atomic, and it lives in the storage.
   */
  readonly atomicCommit: boolean;
  /**
   * Nobody but this package can reach the files: a log that nobody owns was left by an owner that was killed, and
   * whoever opens next takes it over.
   * @default false
   */
  readonly privateFiles?: boolean;
  /** Who keeps other writers out. */
  readonly lockProvider: string;
}

/** How to open a file. */
export interface FileOpenMode {
  /** Make the file if it is missing. */
  readonly create: boolean;
  /** Refuse a file that exists. */
  readonly exclusive: boolean;
  /** Never write. */
  readonly readOnly: boolean;
}

/** One open file of a database. Offsets and sizes are bytes. */
export interface StorageFile {
  /** True also when writing was asked for and the place does not allow it. */
  readonly readOnly: boolean;
  /** Fills `target` from `offset` on. @returns how many bytes there were */
  read(target: Uint8Array, offset: number): number;
  write(source: Uint8Array, offset: number): void;
  truncate(sizeBytes: number): void;
  sync(): void;
  sizeBytes(): number;
  /** @returns false when another connection is in the way */
  lock(level: LockLevel): boolean;
  unlock(level: LockLevel): void;
  /** See `DatabaseLock.reserved`. */
  reserved(): boolean;
  close(): void;
}

/** A place that holds one database. */
export interface Storage {
  readonly capabilities: StorageCapabilities;
  /** Shown in messages: a path or a database name. */
  readonly name: string;
  /** Asynchronous work around SQLite's calls, where the storage needs any. */
  readonly transactions?: StorageTransactions;
  open(role: FileRole, mode: FileOpenMode): StorageFile;
  delete(role: FileRole, options: { readonly syncDirectory: boolean }): void;
  exists(role: FileRole): boolean;
  /**
   * Takes other users' rights to the database away, where there are any. Called once it is accepted: what is refused
   * keeps its mode.
   */
  restrictPermissions?(): void;
  /** Lets go of what the storage itself holds, beyond its files. */
  close?(): void;
}
