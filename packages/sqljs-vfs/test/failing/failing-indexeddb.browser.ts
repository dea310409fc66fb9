/** IndexedDB and Web Locks that fail at one call, as browsers do it. */
import { type OneFault, intercept } from './one-fault.browser.ts';

const REQUESTS = ['get', 'getAll', 'put', 'delete'] as const;

/** Installs a fault in the browser. @returns the function that removes it */
export type InstallFault = (fault: OneFault) => () => void;

const failure = (name: string): DOMException => new DOMException('The simulated browser failed', name);

/** Aborts a transaction with an error, as the browser does when something other than the page aborts it. */
function abortWith(transaction: IDBTransaction, error: DOMException): void {
  Object.defineProperty(transaction, 'error', { value: error });
  transaction.abort();
}

/** Answers a request with an error, which aborts its transaction. */
export const failingRequests =
  (errorName: string): InstallFault =>
  (fault) =>
    intercept(IDBObjectStore, REQUESTS, (self, parameters, original, method) => {
      const request = original() as IDBRequest;
      if (!fault.shouldFail(`${method} ${String(parameters[method === 'put' ? 1 : 0])}`)) return request;
      const { transaction } = self as IDBObjectStore;
      // The real request succeeds, and its transaction would be committed.
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

/** Throws when a request is made. */
export const throwingRequests =
  (errorName: string): InstallFault =>
  (fault) =>
    intercept(IDBObjectStore, REQUESTS, (_self, parameters, original, method) => {
      if (fault.shouldFail(`${method} ${String(parameters[method === 'put' ? 1 : 0])}`))
        throw failure(errorName);
      return original();
    });

/** Aborts a transaction when it commits. */
export const failingCommits =
  (errorName: string): InstallFault =>
  (fault) =>
    intercept(IDBTransaction, ['commit'], (self, _parameters, original) => {
      if (fault.shouldFail('commit')) abortWith(self as IDBTransaction, failure(errorName));
      else original();
    });

/** Makes a connection refuse transactions, without a `close` event. */
export const deadConnections =
  (errorName: string): InstallFault =>
  (fault) => {
    const dead = new WeakSet();
    return intercept(IDBDatabase, ['transaction'], (self, _parameters, original) => {
      if (fault.shouldFail('transaction')) dead.add(self as IDBDatabase);
      if (dead.has(self as IDBDatabase)) throw failure(errorName);
      return original();
    });
  };

/** Closes a connection while a request is pending. */
export const lostConnections: InstallFault = (fault) =>
  intercept(IDBObjectStore, REQUESTS, (self, parameters, original, method) => {
    const request = original();
    if (fault.shouldFail(`${method} ${String(parameters[method === 'put' ? 1 : 0])}`)) {
      const { transaction } = self as IDBObjectStore;
      // In a microtask, so that the fault does not come in the middle of running code.
      queueMicrotask(() => loseConnection(transaction.db, transaction));
    }
    return request;
  });

/** Closes a connection as a browser does when its storage process ends or the user clears site data. */
export function loseConnection(database: IDBDatabase, transaction?: IDBTransaction): void {
  if (transaction) abortWith(transaction, failure('AbortError'));
  database.close();
  database.dispatchEvent(new Event('close'));
}

/** Throws when a database is opened. */
export const throwingOpen =
  (errorName: string): InstallFault =>
  (fault) =>
    intercept(IDBFactory, ['open'], (_self, _parameters, original) => {
      if (fault.shouldFail('open')) throw failure(errorName);
      return original();
    });

/** Answers an open request with an error. */
export const failingOpen =
  (errorName: string): InstallFault =>
  (fault) =>
    intercept(IDBFactory, ['open'], (_self, _parameters, original) => {
      const request = original() as IDBOpenDBRequest;
      if (!fault.shouldFail('open')) return request;
      request.addEventListener('success', (event) => {
        event.stopImmediatePropagation();
        request.result.close();
        Object.defineProperty(request, 'error', { value: failure(errorName) });
        request.dispatchEvent(new Event('error', { bubbles: true, cancelable: true }));
      });
      return request;
    });

/** Refuses a Web Lock. */
export const refusedLocks =
  (errorName: string): InstallFault =>
  (fault) =>
    intercept(LockManager, ['request'], (_self, _parameters, original) =>
      fault.shouldFail('lock') ? Promise.reject(failure(errorName)) : original(),
    );
