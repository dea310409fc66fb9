/** IndexedDB and Web Locks that fail at one call, as browsers do it. */
import { type OneFault, intercept } from './one-fault.browser.ts';

const REQUESTS = ['get', 'getAll', 'put', 'delete'] as const;

/** Takes the fault's place in the browser. @returns what takes it away */
export type Failing = (fault: OneFault) => () => void;

const failure = (name: string): DOMException => new DOMException('The simulated browser failed', name);

/** Says why a transaction is going to abort, as the browser does when something other than the page aborts it. */
function abortWith(transaction: IDBTransaction, error: DOMException): void {
  Object.defineProperty(transaction, 'error', { value: error });
  transaction.abort();
}

/** A request is answered with an error, which aborts its transaction. */
export const failingRequests =
  (errorName: string): Failing =>
  (fault) =>
    intercept(IDBObjectStore, REQUESTS, (self, given, original, method) => {
      const request = original() as IDBRequest;
      if (!fault.strikes(`${method} ${String(given[method === 'put' ? 1 : 0])}`)) return request;
      const { transaction } = self as IDBObjectStore;
      // The real one succeeds, and would be committed.
      Object.defineProperty(transaction, 'commit', { value: () => undefined });
      request.addEventListener('success', (event) => {
        event.stopImmediatePropagation();
        const error = failure(errorName);
        Object.defineProperty(request, 'error', { value: error });
        request.dispatchEvent(new Event('error', { bubbles: true, cancelable: true }));
        abortWith(transaction, error);
      });
      return request;
    });

/** A request cannot even be made. */
export const throwingRequests =
  (errorName: string): Failing =>
  (fault) =>
    intercept(IDBObjectStore, REQUESTS, (_self, given, original, method) => {
      if (fault.strikes(`${method} ${String(given[method === 'put' ? 1 : 0])}`)) throw failure(errorName);
      return original();
    });

/** A transaction aborts when it is to be committed. */
export const failingCommits =
  (errorName: string): Failing =>
  (fault) =>
    intercept(IDBTransaction, ['commit'], (self, _given, original) => {
      if (fault.strikes('commit')) abortWith(self as IDBTransaction, failure(errorName));
      else original();
    });

/** A connection allows no transactions any more, and nobody said so. */
export const deadConnections =
  (errorName: string): Failing =>
  (fault) => {
    const dead = new WeakSet();
    return intercept(IDBDatabase, ['transaction'], (self, _given, original) => {
      if (fault.strikes('transaction')) dead.add(self as IDBDatabase);
      if (dead.has(self as IDBDatabase)) throw failure(errorName);
      return original();
    });
  };

/** The browser closes a connection while a request is under way. */
export const lostConnections: Failing = (fault) =>
  intercept(IDBObjectStore, REQUESTS, (self, given, original, method) => {
    const request = original();
    if (fault.strikes(`${method} ${String(given[method === 'put' ? 1 : 0])}`)) {
      const { transaction } = self as IDBObjectStore;
      // Once what asked has stopped to wait: nothing strikes in the middle of running code.
      queueMicrotask(() => loseConnection(transaction.db, transaction));
    }
    return request;
  });

/** What a browser does when its storage process goes away or the site's data is cleared. */
export function loseConnection(database: IDBDatabase, transaction?: IDBTransaction): void {
  if (transaction) abortWith(transaction, failure('AbortError'));
  database.close();
  database.dispatchEvent(new Event('close'));
}

/** Opening throws. */
export const throwingOpen =
  (errorName: string): Failing =>
  (fault) =>
    intercept(IDBFactory, ['open'], (_self, _given, original) => {
      if (fault.strikes('open')) throw failure(errorName);
      return original();
    });

/** Opening is answered with an error. */
export const failingOpen =
  (errorName: string): Failing =>
  (fault) =>
    intercept(IDBFactory, ['open'], (_self, _given, original) => {
      const request = original() as IDBOpenDBRequest;
      if (!fault.strikes('open')) return request;
      request.addEventListener('success', (event) => {
        event.stopImmediatePropagation();
        request.result.close();
        Object.defineProperty(request, 'error', { value: failure(errorName) });
        request.dispatchEvent(new Event('error', { bubbles: true, cancelable: true }));
      });
      return request;
    });

/** A Web Lock is refused. */
export const refusedLocks =
  (errorName: string): Failing =>
  (fault) =>
    intercept(LockManager, ['request'], (_self, _given, original) =>
      fault.strikes('lock') ? Promise.reject(failure(errorName)) : original(),
    );
