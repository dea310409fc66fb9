import { VfsError } from '../../errors.ts';
import { OBJECT_STORE } from './layout.browser.ts';

/** How long another tab may hold up opening (a version change it has not answered). */
const OPEN_TIMEOUT_MS = 10_000;

/** An open IndexedDB database, and whether it is still usable. */
export class IndexedDbConnection {
  readonly #database: IDBDatabase;
  #lost = false;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Somebody wants to delete or upgrade it: stand aside rather than block them.
    database.addEventListener('versionchange', () => this.close());
    // Site data cleared, storage server gone: the handle is dead.
    database.addEventListener('close', () => {
      this.#lost = true;
    });
  }

  /** False once the browser, another tab or we closed it. */
  get usable(): boolean {
    return !this.#lost;
  }

  close(): void {
    this.#lost = true;
    this.#database.close();
  }

  /**
   * Runs requests in one transaction.
   * @returns what `work` gave, once the transaction has **completed**: a request's own success comes earlier and can
   * still be undone, on a full disk for instance
   * @throws the transaction's or the first request's error; nothing of it is stored then
   */
  async transact<T>(
    mode: IDBTransactionMode,
    durability: IDBTransactionDurability,
    work: (store: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    const transaction = this.#begin(mode, durability);
    const completed = new Promise<void>((resolve, reject) => {
      transaction.addEventListener('complete', () => resolve());
      transaction.addEventListener('abort', () =>
        reject(transaction.error ?? new DOMException('The transaction was aborted', 'AbortError')),
      );
    });
    let result: T;
    try {
      result = await work(transaction.objectStore(OBJECT_STORE));
      if (mode === 'readwrite') transaction.commit();
    } catch (error) {
      abortQuietly(transaction);
      await completed.catch(() => undefined);
      // A full disk shows as a failed request without a reason; the transaction has it.
      throw transaction.error ?? error;
    }
    await completed;
    return result;
  }

  /** A connection that allows no transaction may be dead without anybody having said so: the next is another one. */
  #begin(mode: IDBTransactionMode, durability: IDBTransactionDurability): IDBTransaction {
    try {
      return this.#database.transaction(OBJECT_STORE, mode, { durability });
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

function abortQuietly(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself already, which is what we want.
  }
}

/**
 * Opens a database, making it if it is missing.
 * @throws VfsError `STORAGE_UNAVAILABLE` where there is no IndexedDB, it is forbidden, or another tab blocks it
 */
export function openConnection(name: string): Promise<IndexedDbConnection> {
  return new Promise((resolve, reject) => {
    const unavailable = (reason: string, cause?: unknown): void =>
      reject(
        new VfsError('STORAGE_UNAVAILABLE', `IndexedDB cannot be used: ${reason}`, {
          cause,
          hint: 'Private windows and blocked site data have no lasting storage. Choose memory, or another window.',
        }),
      );
    if (typeof indexedDB === 'undefined') return unavailable('this browser offers none');
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(name, 1);
    } catch (error) {
      return unavailable((error as Error).message, error);
    }
    let waiting = true;
    const timer = setTimeout(() => {
      waiting = false;
      unavailable('another tab holds it up');
    }, OPEN_TIMEOUT_MS);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(OBJECT_STORE));
    request.addEventListener('error', () => {
      clearTimeout(timer);
      unavailable(request.error?.message ?? 'unknown reason', request.error);
    });
    request.addEventListener('success', () => {
      clearTimeout(timer);
      if (waiting) resolve(new IndexedDbConnection(request.result));
      else request.result.close();
    });
  });
}
