/**
 * A database in IndexedDB. SQLite reads stored extents when it needs them; what commits have changed since they were
 * stored is in memory. The rules, and the file that keeps each:
 *
 *  1. A commit is one readwrite transaction. It reads `meta`, checks that database and version are the expected ones, and
 *     puts the changes and the next version. It is durable when the transaction **completes**. (`commit-log.ts`,
 *     `connection.browser.ts`)
 *  2. That check, a compare-and-swap, keeps contexts apart. While others write, a Web Lock makes conflicts rare; where
 *     the lock cannot be had in time, the commit goes on without it. (`stored-database.ts`, `writer-lock.browser.ts`)
 *  3. On a conflict or failure the mirror is rolled back, and SQLite's cache is invalidated, before anything else runs.
 *     After a failure that may have come after the commit, the storage looks for the commit: one that is stored counts,
 *     whatever the browser reported. (`commit-log.ts`)
 *  4. A transaction never answers from a state older than its request. A read first applies the commits of other
 *     contexts. A write may run on the mirror as it is, because its commit checks the version. Where it commits nothing,
 *     or fails, the version is checked before the caller gets the answer. A write that ran on an old state is rolled back
 *     and runs again. (`commit-log.ts`)
 *     SQLite can use the mirror within transactions only, and no lock outlasts one. (`commit-log.ts`)
 *  5. Unreadable data is never overwritten. An unknown format is `UNREADABLE_STORAGE`. Another database, or none, where
 *     there was one is `STORAGE_RESET`, for good. (`stored-database.ts`) What cannot be read is never taken for zeros:
 *     the extents are fetched once more, then it is an error. (`commit-log.ts`)
 *  6. Transactions run one after the other. Between them, checkpoints write small commits into extents in steps: while
 *     the context is idle, or when they cannot be put off any longer. A step checks the version like a commit does.
 *     (`checkpoint.ts`)
 */
import { checkKey, type EncryptionKey } from '../../contract/encryption-key.ts';
import type {
  CheckpointStatus,
  FileOpenMode,
  FileRole,
  Storage,
  StorageCapabilities,
  StorageFile,
} from '../../contract/storage.ts';
import { systemError } from '../../contract/system-error.ts';
import { CommitLog } from './commit-log.ts';
import { IndexedDbCommitStore } from './commit-store.browser.ts';
import { readsOnDemand } from './extent-content.browser.ts';
import { StoredDatabase } from './stored-database.ts';
import { withWriterLock } from './writer-lock.browser.ts';

/** Options of {@link indexedDbStorage}. */
export interface IndexedDbStorageOptions {
  /**
   * `strict`: a commit survives loss of power. `relaxed`: it survives the end of the browser, but the operating system
   * may still hold the last commits in memory when power goes; about twice as fast.
   * @default 'strict'
   */
  readonly durability?: 'strict' | 'relaxed';
  /** Make the database if it is missing. @default true */
  readonly create?: boolean;
  /**
   * How much of what was read is kept in memory, in bytes. What commits have changed since the last checkpoint is in
   * memory as well, and not counted. Without effect where the whole file is in memory: see `pagesInMemory`.
   * @default 67108864 (64 MiB)
   */
  readonly cacheSizeBytes?: number;
}

class IndexedDbStorage implements Storage {
  readonly name: string;
  readonly transactions: CommitLog;
  readonly #durability: 'strict' | 'relaxed';
  #isEncrypted = false;

  constructor(
    name: string,
    { durability = 'strict', create = true, cacheSizeBytes }: IndexedDbStorageOptions,
  ) {
    this.name = name;
    this.#durability = durability;
    this.transactions = new CommitLog({
      name,
      ...(cacheSizeBytes !== undefined && { cacheSizeBytes }),
      store: new IndexedDbCommitStore(name, durability, create),
      withWriterLock: (work) => withWriterLock(name, work),
    });
  }

  get capabilities(): StorageCapabilities {
    const { extentFormat } = this.transactions;
    return {
      kind: 'indexeddb',
      persistent: true,
      multiProcess: true,
      syncSurvives: this.#durability === 'strict' ? 'power loss' : 'process end',
      atomicCommit: true,
      lockProvider:
        typeof navigator.locks === 'undefined' ? 'compare-and-swap' : 'Web Locks and compare-and-swap',
      pagesInMemory: readsOnDemand && extentFormat !== 'ArrayBuffer' ? 'cache' : 'all',
      ...(extentFormat && { extentFormat }),
      ...(this.#isEncrypted && { encryption: 'AES-256-GCM' }),
    };
  }

  useKey(key: EncryptionKey): void {
    this.transactions.useKey(key);
    this.#isEncrypted = true;
  }

  get checkpointStatus(): CheckpointStatus {
    return this.transactions.checkpointStatus;
  }

  open(role: FileRole, mode: FileOpenMode): StorageFile {
    if (role !== 'main') throw new Error(`a mirrored database has no ${role} file`);
    return this.transactions.open(mode);
  }

  delete(role: FileRole): void {
    throw systemError('ENOENT', `a mirrored database has no ${role} file to delete`);
  }

  exists(role: FileRole): boolean {
    return role === 'main' && this.transactions.mirror.sizeBytes > 0;
  }

  close(): void {
    this.transactions.close();
  }
}

/**
 * Encrypts a database in IndexedDB, decrypts it, or gives it another key. The change is stored as a whole or not at all. What
 * is encrypted is decrypted again and compared before it is stored. Where the database is encrypted before and after, only
 * its data key is encrypted again, and it can stay open: whoever has copied the data key can read on. Otherwise the
 * whole file is stored again, and what has it open gets `STORAGE_RESET`. Without a dedicated worker the file is in memory
 * meanwhile.
 * @param keys - the present key and the new one; undefined for none
 * @throws TypeError for a key that is none
 * @throws {VfsError} `NOT_FOUND`, `KEY_REQUIRED`, `WRONG_KEY`, `CORRUPT`, `STORAGE_UNAVAILABLE`
 * @throws {SqliteError} SQLITE_BUSY (5) when another tab has committed meanwhile; SQLITE_FULL (13), SQLITE_IOERR (10)
 */
export async function changeIndexedDbKey(
  name: string,
  keys: { readonly key: EncryptionKey | undefined; readonly newKey: EncryptionKey | undefined },
): Promise<void> {
  const storage = new IndexedDbStorage(name, { create: false });
  const newKey = keys.newKey === undefined ? undefined : checkKey(keys.newKey);
  if (keys.key !== undefined) storage.useKey(checkKey(keys.key));
  try {
    await storage.transactions.changeKey(newKey);
  } finally {
    storage.close();
  }
}

/**
 * Derives the key of a database's passphrase. It cannot be extracted, and opens the database as the passphrase does, so a
 * page may store it in IndexedDB to open the database again without asking.
 * @throws {VfsError} `WRONG_KEY`, also for a database that is not encrypted with a passphrase; `NOT_FOUND`
 */
export async function deriveIndexedDbKey(name: string, passphrase: string): Promise<EncryptionKey> {
  const store = new IndexedDbCommitStore(name, 'strict', false);
  try {
    return await new StoredDatabase(name, store).derivedKey(passphrase);
  } finally {
    store.close();
  }
}

/**
 * A database in IndexedDB. Any number of tabs and workers may open the same name. In a worker the file is read when it
 * is needed, so opening and memory do not grow with it. In a page's own thread, which cannot wait for a read, and where
 * the browser stores no Blobs, each has the whole file in memory; `capabilities.pagesInMemory` says which.
 * @param name - of the IndexedDB database
 * @throws {VfsError} from its first transaction: `NOT_FOUND` when it is missing and is not to be made, `KEY_REQUIRED`,
 * `WRONG_KEY`
 */
export function indexedDbStorage(name: string, options: IndexedDbStorageOptions = {}): Storage {
  return new IndexedDbStorage(name, options);
}
