import { VfsError } from '../../errors.ts';
import { OBJECT_STORE } from './layout.browser.ts';

/** Attempts at opening while the browser deletes the same database, which aborts the request. */
const OPEN_ATTEMPTS = 3;
/** The time that another tab may delay opening, by a version change that it has not answered. */
const OPEN_TIMEOUT_MS = 10_000;

/** An open IndexedDB database, which the browser may close. */
export class IndexedDbConnection {
  readonly #database: IDBDatabase;
  /** Rejects when the browser closes the connection. */
  readonly #closedByBrowser: Promise<never>;
  #lost = false;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab wants to delete or upgrade the database: close, so as not to block it.
    database.addEventListener('versionchange', () => this.close());
    // The user cleared site data, or the storage process ended: this handle is dead.
    this.#closedByBrowser = new Promise((_, reject) => {
      database.addEventListener('close', () => {
        this.#lost = true;
        reject(new DOMException('The browser closed the connection', 'AbortError'));
      });
    });
    this.#closedByBrowser.catch(() => undefined);
  }

  /** False once the browser, another tab or this context has closed it. */
  get usable(): boolean {
    return !this.#lost;
  }

  close(): void {
    this.#lost = true;
    this.#database.close();
  }

  /**
   * Runs requests in one transaction.
   * @returns the result of `work` once the transaction has **completed**. A request's own success comes earlier and can
   * still be undone, on a full disk for instance.
   * @throws the transaction's or the first request's error; nothing of the transaction is stored then
   */
  async transact<T>(
    mode: IDBTransactionMode,
    durability: IDBTransactionDurability,
    work: (store: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    const transaction = this.#begin(mode, durability);
    // Chromium may close a connection without ever telling a transaction of it that it was completed or aborted.
    const untilClosed = <U>(promise: Promise<U>): Promise<U> =>
      Promise.race([promise, this.#closedByBrowser]);
    const completed = untilClosed(
      new Promise<void>((resolve, reject) => {
        transaction.addEventListener('complete', () => resolve());
        transaction.addEventListener('abort', () =>
          reject(transaction.error ?? new DOMException('The transaction was aborted', 'AbortError')),
        );
      }),
    );
    let result: T;
    try {
      result = await untilClosed(work(transaction.objectStore(OBJECT_STORE)));
      if (mode === 'readwrite') commitQuietly(transaction);
    } catch (error) {
      abortQuietly(transaction);
      await completed.catch(() => undefined);
      // On a full disk the failed request has no reason; the transaction has it.
      throw transaction.error ?? error;
    }
    // Completion makes a commit durable, as far as `durability` says.
    await completed;
    return result;
  }

  /** Begins a transaction. A connection that refuses may be dead without a `close` event, so it is not used again. */
  #begin(mode: IDBTransactionMode, durability: IDBTransactionDurability): IDBTransaction {
    try {
      return this.#database.transaction(OBJECT_STORE, mode, { durability });
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

function commitQuietly(transaction: IDBTransaction): void {
  try {
    transaction.commit();
  } catch {
    // The browser has aborted the transaction meanwhile, and its event says so.
  }
}

function abortQuietly(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // The transaction has already ended.
  }
}

/**
 * Opens a database.
 * @param create - make the database if it is missing
 * @throws {VfsError} `STORAGE_UNAVAILABLE` where the browser has no IndexedDB or forbids it, or another tab blocks it;
 * `NOT_FOUND` when the database is missing and is not to be made
 */
export function openConnection(
  name: string,
  create: boolean,
  attempts: number = OPEN_ATTEMPTS,
): Promise<IndexedDbConnection> {
  return new Promise((resolve, reject) => {
    const unavailable = (reason: string, cause?: unknown): void =>
      reject(
        new VfsError('STORAGE_UNAVAILABLE', `IndexedDB cannot be used: ${reason}`, {
          cause,
          hint: 'Private windows and blocked site data have no persistent storage. Use memory, or another window.',
        }),
      );
    if (typeof indexedDB === 'undefined') return unavailable('this browser does not have it');
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(name, 1);
    } catch (error) {
      return unavailable((error as Error).message, error);
    }
    let waiting = true;
    const timer = setTimeout(() => {
      waiting = false;
      unavailable('another tab is blocking it');
    }, OPEN_TIMEOUT_MS);
    let isMissing = false;
    request.addEventListener('upgradeneeded', () => {
      isMissing = !create;
      // Without its first version change the database does not come into being.
      if (isMissing) request.transaction?.abort();
      else request.result.createObjectStore(OBJECT_STORE);
    });
    request.addEventListener('error', () => {
      clearTimeout(timer);
      if (isMissing) return reject(new VfsError('NOT_FOUND', `there is no database ${name} in IndexedDB`));
      if (request.error?.name === 'AbortError' && attempts > 1) {
        return resolve(openConnection(name, create, attempts - 1));
      }
      unavailable(request.error?.message ?? 'unknown reason', request.error);
    });
    request.addEventListener('success', () => {
      clearTimeout(timer);
      if (waiting) resolve(new IndexedDbConnection(request.result));
      else request.result.close();
    });
  });
}
