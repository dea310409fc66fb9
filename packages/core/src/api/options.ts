import type { EncryptionKey, RangeLocks } from '@ggen-sim/sqljs-vfs';
import type { Signal } from './platform-types.ts';

export type { EncryptionKey, RangeLocks } from '@ggen-sim/sqljs-vfs';

/** Progress of a long operation. */
export interface Progress {
  /** The current step (`image`, `receipts`, `verify`, …). */
  readonly stage: string;
  readonly done: number;
  /** `undefined` if counting would cost as much as the work itself. */
  readonly total: number | undefined;
  readonly unit: 'rows' | 'bytes' | 'pages';
}

/** Options of every long operation. */
export interface LongOperationOptions {
  /**
   * Called from time to time; never after the operation has settled. An error in it does not reach the operation: it is
   * reported as uncaught, in the caller's thread.
   */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Aborts the operation: it rejects with `ABORTED` and leaves nothing half-written. A cleanup keeps the rows deleted that it
   * has deleted by then. A stream or a backup directory that you pass is ended, and not waited for.
   */
  readonly signal?: Signal;
}

/** Retries of failures that may pass. */
export interface RetryPolicy {
  /** Number of retries after a transient I/O error. @default 5 */
  readonly ioRetries: number;
  /** Pause before each of those retries. @default 100 */
  readonly ioRetryDelayMs: number;
  /** Time to wait for another process or tab before `DATABASE_LOCKED`. @default 30000 */
  readonly busyDeadlineMs: number;
}

/** Options of `openPersistence` for every storage. */
export interface CommonOpenOptions {
  /**
   * `strict`: a resolved save survives loss of power. `relaxed`: it survives the end of the process, but the last saves
   * before a loss of power may be missing. A save is never half there. A shared file, in Node or OPFS, is always
   * strict: without full syncs, SQLite's rollback journal could be damaged. `relaxed` takes effect with `exclusive`.
   * @default 'strict'
   */
  readonly durability?: 'strict' | 'relaxed';
  readonly retry?: Partial<RetryPolicy>;
  /**
   * Encrypts the database, and is needed to open it again: 32 random bytes, a passphrase, or, in IndexedDB only, a
   * `CryptoKey` for AES-GCM. It is stored nowhere: who loses it loses the database.
   * @default none: the database is not encrypted
   */
  readonly key?: EncryptionKey;
  /**
   * Give a database that this call creates a change log: the earlier versions of memory, and a hash of every row. A database
   * that exists keeps what it has; see {@link Persistence.enableHistory}. Each save of a memory keeps the whole version that
   * it replaces, without limit; a cleanup removes none of them, a reset does.
   * @default true
   */
  readonly changeLog?: boolean;
  /**
   * Clock of the times written into the tables. Not allowed with a worker: pass it to `startWorker` instead.
   * @default the system's clock
   */
  readonly clock?: () => Date;
  /**
   * Thread that SQLite runs in. `true`: a worker that this package starts. A `Worker`: that worker, whose file calls
   * `startWorker` from `@ggen-sim/core/worker`. `false`: the calling thread.
   * @default true in a page, false in Node and in workers
   */
  readonly worker?: boolean | object;
}

/** Options for a database that outlives the process. */
export interface StoredOpenOptions extends CommonOpenOptions {
  /**
   * Create the database if it does not exist. With `false`, opening one that is missing is refused with `NOT_FOUND`, and
   * nothing is created: a mistyped path or name is then not taken for an empty database. A database of another program,
   * which has none of the tables, is refused with `SCHEMA_MISMATCH`; with `true` they are created beside its own.
   * @default true
   */
  readonly create?: boolean;
}

/** Options for a database file (Node, Bun, Deno). */
export interface FileOpenOptions extends StoredOpenOptions {
  readonly storage: 'file';
  /** Path of the file. Symlinks are followed and missing folders are created (mode 0700). */
  readonly path: string;
  /**
   * Give this process sole use of the file, with a write-ahead log. It needs about a quarter of the syncs. Every other
   * process is locked out.
   * @default false
   */
  readonly exclusive?: boolean;
  /**
   * Look at a database that other programs keep, and change nothing of it: any SQLite file, in WAL mode too, with what is in
   * its log. Its schema stays as it is, so tables may be missing (`info().tableProblems`); queries of those are refused with
   * `SCHEMA_MISMATCH`, and every write with `READ_ONLY`. Not together with `exclusive`, `singleProcess` or `key`.
   * @default false
   */
  readonly readOnly?: boolean;
  /**
   * Promise that no other process opens the file. It is the only way to write where no lock provider works.
   * @default false
   */
  readonly singleProcess?: boolean;
  /**
   * Locks of your own, for a platform that this package knows none for. They must lock as native SQLite does there, a
   * read lock must turn into a write lock and back, and closing another descriptor must not release them. Not allowed with
   * a worker: pass them to `startWorker` instead.
   * @default the locks of this runtime
   */
  readonly rangeLocks?: RangeLocks;
}

/** Options for a database in memory, which is gone when it is closed. */
export interface MemoryOpenOptions extends CommonOpenOptions {
  readonly storage: 'memory';
}

/** Options for a database in IndexedDB, shared by the tabs of an origin. */
export interface IndexedDbOpenOptions extends StoredOpenOptions {
  readonly storage: 'indexeddb';
  /** Name of the IndexedDB database. */
  readonly name: string;
  /**
   * How much of what was read from the database is kept in memory, in bytes. What saves have changed since it was last
   * written into the database's large pieces comes on top. Takes effect in a worker; see `info().pagesInMemory`.
   * @default 67108864 (64 MiB)
   */
  readonly cacheSizeBytes?: number;
}

/**
 * Options for a database in the origin's private file system, shared by tabs and workers. It needs a worker, and has
 * one by default.
 */
export interface OpfsOpenOptions extends StoredOpenOptions {
  readonly storage: 'opfs';
  /** Name of the database. */
  readonly name: string;
  /**
   * Give this handle sole use of the database until it is closed, with a write-ahead log. A save is then one write and
   * one flush. Every other handle waits and then gets `DATABASE_LOCKED`, in this page as well. A tab that ends without
   * closing loses nothing: the next connection, in either mode, recovers the log. Close the handle on `pagehide`, so that
   * a page in the back-forward cache does not lock out others.
   * @default false
   */
  readonly exclusive?: boolean;
}

/** State of the connection to a remote database. */
export type ConnectionState =
  | { readonly isConnected: true }
  | {
      readonly isConnected: false;
      readonly reason: string;
      /** False when the server has refused the token, so that connecting again is of no use. */
      readonly isRetrying: boolean;
    };

/**
 * Options for a database that another program serves, such as `ggen-sim studio`. Files are that program's, so exports,
 * imports and backups take streams and directories of the caller, never a path.
 */
export interface RemoteOpenOptions {
  readonly storage: 'remote';
  /** URL of the server: `ws:`, `wss:`, `http:` or `https:`. */
  readonly url: string;
  /** What the server asks for, at most 512 characters. @default none */
  readonly token?: string;
  /**
   * Called when the connection was lost or refused, and when there is one again. Until then every call is rejected with
   * `CONNECTION_LOST` or `UNAUTHORIZED`. After it, subscribers are told of a change to every table.
   */
  readonly onConnection?: (state: ConnectionState) => void;
}

/** Options of `openPersistence`, for a database that this program opens itself. */
export type OpenOptions = FileOpenOptions | IndexedDbOpenOptions | OpfsOpenOptions | MemoryOpenOptions;

/** A stored database that exists, for `changeKey`. */
export type StoredDatabaseOptions = FileOpenOptions | IndexedDbOpenOptions | OpfsOpenOptions;

/** Options of `changeKey`. */
export interface ChangeKeyOptions extends LongOperationOptions {
  /** Key that the database gets, as `key` of `openPersistence`. @default none: it is decrypted */
  readonly newKey?: EncryptionKey | undefined;
}

/** Every storage that `openPersistence` knows; not every one exists on every platform. */
export const STORAGES: readonly OpenOptions['storage'][] = ['file', 'indexeddb', 'opfs', 'memory'];
