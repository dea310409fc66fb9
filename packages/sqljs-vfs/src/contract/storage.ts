/**
 * The storage contract: the files of one SQLite database, and the promises they keep. A database is up to three files,
 * told apart by their role. SQLite runs its own rollback journal and its own locking protocol directly against them, so
 * a storage knows nothing of pages or rows. It keeps these promises, which the contract suite
 * (`@ggen-sim/sqljs-vfs/testing`) cites by number:
 *
 *  1. Bytes that were written are read back at once, through the same handle and through any other.
 *  2. A read past the end returns fewer bytes than asked for. It never makes bytes up, and it is not an error.
 *  3. A write past the end extends the file; the gap reads as zeros.
 *  4. Truncating to a smaller size discards the rest for good: when the file grows again, zeros are read.
 *  5. When `sync` returns, all earlier writes to that file survive what the capability `syncSurvives` names. The first
 *     sync of a new file makes its name durable as well.
 *  6. `exists` is true only for a file of more than zero bytes: an empty journal counts as none.
 *  7. `delete` of a missing file throws an error whose `code` is `ENOENT`. With `syncDirectory` the deletion is durable
 *     when the call returns.
 *  8. Locks keep the protocol of `database-lock.ts` between any two handles. Closing a handle releases its locks.
 *  9. A storage throws the platform's own errors. It never throws because a lock is held, and never hides a failure.
 * 10. Content lives as long as `persistent` says: a new storage of the same name sees it.
 * 11. A storage whose files can be moved, removed or replaced while they are open never continues with other files in
 *     their place: locking the database and opening or deleting a file beside it fail with `STORAGE_RESET`.
 */
import type { LockLevel } from './database-lock.ts';
import type { EncryptionKey } from './encryption-key.ts';
import type { StorageTransactions } from './storage-transactions.ts';

/** Which of a database's files: the pages, the rollback journal, or the write-ahead log. */
export type FileRole = 'main' | 'journal' | 'wal';

/** The abilities of a storage, as data: callers, the contract suite and the README's table read them. */
export interface StorageCapabilities {
  /** One word for `info` and the table. */
  readonly kind: string;
  /** True when content outlives the process. */
  readonly persistent: boolean;
  /** True when several processes, or several tabs, may open the database at once. */
  readonly multiProcess: boolean;
  /** The event that synced bytes survive. */
  readonly syncSurvives: 'nothing' | 'process end' | 'power loss';
  /**
   * True when the storage commits each write transaction atomically, so that SQLite's journal can stay in memory.
   * Otherwise SQLite's journal makes a commit atomic, and it lives in the storage.
   */
  readonly atomicCommit: boolean;
  /**
   * True when only this package can reach the files. A log without an owner was then left by a killed process, and
   * the next connection takes it over.
   * @default false
   */
  readonly privateFiles?: boolean;
  /**
   * Returns true while other programs keep the database in WAL mode: their commits then leave the database file as it is, and
   * watching it does not tell of them. Missing where that cannot be.
   */
  readonly isLoggedByOthers?: () => boolean;
  /** The name of the locks that keep other writers out. */
  readonly lockProvider: string;
  /**
   * Where the storage itself keeps pages in memory: a bounded cache and what has changed since the last checkpoint, or all.
   */
  readonly pagesInMemory?: 'cache' | 'all';
  /** In IndexedDB, the form of the stored extents. Known from the first transaction on. */
  readonly extentFormat?: 'Blob' | 'ArrayBuffer';
  /** The cipher of an encrypted database. */
  readonly encryption?: 'AES-256-GCM';
}

/** Commits that a storage has stored, and not yet merged into the file's large pieces. */
export interface CheckpointStatus {
  /** Size of what waits, in bytes: of the commits, or of what they have changed, whichever is more. */
  readonly waitingBytes: number;
  /**
   * The failure of the latest attempt, until this context finds that a checkpoint was finished, by whichever context.
   * Nothing is lost; writing is refused with it once too much waits.
   */
  readonly failure: Error | undefined;
}

/** Options of opening a file. */
export interface FileOpenMode {
  /** Create the file if it is missing. */
  readonly create: boolean;
  /** Create the file, and fail with `EEXIST` when it exists (O_EXCL). */
  readonly exclusive: boolean;
  /** Open for reading only. */
  readonly readOnly: boolean;
}

/** One open file of a database. Offsets and sizes are bytes. */
export interface StorageFile {
  /** True also when writing was requested but is not permitted. */
  readonly readOnly: boolean;
  /** Fills `target` with the bytes at `offset`. @returns the number of bytes read */
  read(target: Uint8Array, offset: number): number;
  write(source: Uint8Array, offset: number): void;
  truncate(sizeBytes: number): void;
  sync(): void;
  sizeBytes(): number;
  /** @returns false when another connection holds a conflicting lock */
  lock(level: LockLevel): boolean;
  unlock(level: LockLevel): void;
  /** See `DatabaseLock.reserved`. */
  reserved(): boolean;
  /**
   * Checks promise 11 where nothing is locked: before an exclusive owner reads, or writes to its log. Missing where the
   * storage's transactions check it.
   * @throws VfsError `STORAGE_RESET`
   */
  assertInPlace?(): void;
  close(): void;
}

/** The files of one database. */
export interface Storage {
  readonly capabilities: StorageCapabilities;
  /** Shown in messages: a path or a database name. */
  readonly name: string;
  /** Asynchronous work around SQLite's calls; missing where the storage needs none. */
  readonly transactions?: StorageTransactions;
  /** Missing where the storage has no checkpoints of its own. */
  readonly checkpointStatus?: CheckpointStatus;
  /**
   * Takes the key with which the storage encrypts what it stores. Called before anything else, when the caller has a key.
   * Missing where pages are encrypted before they reach the storage. Without a key, a storage that finds an encrypted
   * database fails with `KEY_REQUIRED`, and with another one with `WRONG_KEY`, when its first transaction begins.
   * @throws TypeError for a kind of key that this storage cannot use
   */
  useKey?(key: EncryptionKey): void | Promise<void>;
  open(role: FileRole, mode: FileOpenMode): StorageFile;
  delete(role: FileRole, options: { readonly syncDirectory: boolean }): void;
  exists(role: FileRole): boolean;
  /**
   * Removes other users' permissions on the open database. Called once it is accepted: a refused file keeps its mode.
   */
  restrictPermissions?(): void;
  /** Releases what the storage holds beyond its files. */
  close?(): void;
}
