/**
 * Simulated tabs that can crash. They share one realm and use the browser's own IndexedDB and Web Locks. Interceptors
 * between them and the browser inject a fault into one chosen transaction of a tab. They also stop a crashed tab, as
 * a browser does when it ends a page: it gets no answers, its unfinished transaction is aborted, its locks are released.
 */

/** A fault that ends a chosen transaction. */
export interface TabFault {
  /** Description for reports. */
  readonly image: string;
  /** True when the transaction's changes are stored despite the fault. */
  readonly applied: boolean;
  /** `crash`: the tab ends. `disconnect`: the browser closes its connection. `fail`: only the transaction fails. */
  readonly effect: 'crash' | 'disconnect' | 'fail';
  /** The request at which it is injected, counted from 1; by default the commit, after all requests have succeeded. */
  readonly atRequest?: number;
  /** Name of the transaction's error. */
  readonly error?: string;
}

/** A broken promise of the browser, the locks or the storage; the checks must notice it. */
export type Defect =
  /** A commit is acknowledged as soon as its requests have succeeded. */
  | 'resolved before completion'
  /** A commit always reads the version that it expects. */
  | 'compare-and-swap off'
  /** After a failed commit, memory stays as the transaction left it. */
  | 'before-images not restored'
  /** A checkpoint deletes commits before all of their changes are in the extents. */
  | 'commits deleted too early';

interface Target {
  readonly fault: TabFault;
  readonly mode: 'readonly' | 'readwrite';
  /** Number of transactions of that mode without a fault before it. */
  skip: number;
}

/** One simulated tab. */
export class Tab {
  readonly crashEvent: Promise<void>;
  readonly databases: Set<IDBDatabase> = new Set();
  /** The records with a plain key as this tab last saw them, for the defect 'compare-and-swap off'. */
  readonly known: Map<string, unknown> = new Map();
  crashed = false;
  /** The fault, once it has been injected. */
  injected: TabFault | undefined;
  target: Target | undefined;
  #end: () => void = () => undefined;

  constructor() {
    this.crashEvent = new Promise((resolve) => (this.#end = resolve));
  }

  crash(): void {
    this.crashed = true;
    for (const database of this.databases) database.close();
    this.#end();
  }
}

interface Observed {
  readonly tab: Tab;
  readonly fault: TabFault | undefined;
  requests: number;
  pending: number;
  committing: boolean;
  /** True when the tab got another answer than the browser's. */
  answered: boolean;
}

type Patched = { prototype: object };

/** The tabs of one realm. Only one instance may be installed at a time. */
export class SimulatedTabs {
  readonly #defect: Defect | undefined;
  readonly #locksWork: boolean;
  readonly #owners: WeakMap<IDBDatabase, Tab> = new WeakMap();
  readonly #observed: WeakMap<IDBTransaction, Observed> = new WeakMap();
  readonly #undo: (() => void)[] = [];
  #current: Tab = new Tab();

  constructor({ defect, locksWork = true }: { defect?: Defect | undefined; locksWork?: boolean } = {}) {
    this.#defect = defect;
    this.#locksWork = locksWork;
  }

  /** Makes a tab and enters it. */
  newTab(): Tab {
    return this.enter(new Tab());
  }

  /** Attributes databases opened and locks requested from now on to this tab. */
  enter(tab: Tab): Tab {
    this.#current = tab;
    return tab;
  }

  /** Installs the interceptors. @returns the function that removes them */
  install(): () => void {
    const own = (request: IDBOpenDBRequest): void => this.#own(request);
    const begun = (transaction: IDBTransaction): void => {
      const tab = this.#owners.get(transaction.db);
      if (tab) this.#observe(transaction, tab);
    };
    const commitAs = (transaction: IDBTransaction, commit: () => void): void =>
      this.#commit(transaction, commit);
    const noteRequest = (
      store: IDBObjectStore,
      method: string,
      given: unknown[],
      request: IDBRequest,
    ): void => this.#noteRequest(store, method, given, request);
    const requestLock = (
      request: (...given: unknown[]) => Promise<unknown>,
      given: unknown[],
    ): Promise<unknown> => this.#requestLock(request, given);
    this.#patch(
      IDBFactory,
      'open',
      (open) =>
        function patched(this: IDBFactory, ...given: unknown[]) {
          const request = open.apply(this, given) as IDBOpenDBRequest;
          own(request);
          return request;
        },
    );
    this.#patch(
      IDBDatabase,
      'transaction',
      (begin) =>
        function patched(this: IDBDatabase, ...given: unknown[]) {
          const transaction = begin.apply(this, given) as IDBTransaction;
          begun(transaction);
          return transaction;
        },
    );
    this.#patch(
      IDBTransaction,
      'commit',
      (commit) =>
        function patched(this: IDBTransaction) {
          commitAs(this, () => void commit.apply(this, []));
        },
    );
    for (const method of ['get', 'getAll', 'getAllKeys', 'put', 'delete'] as const) {
      this.#patch(
        IDBObjectStore,
        method,
        (call) =>
          function patched(this: IDBObjectStore, ...given: unknown[]) {
            const request = call.apply(this, given) as IDBRequest;
            noteRequest(this, method, given, request);
            return request;
          },
      );
    }
    this.#patch(
      LockManager,
      'request',
      (request) =>
        function patched(this: LockManager, ...given: unknown[]) {
          return requestLock((...changed) => request.apply(this, changed) as Promise<unknown>, given);
        },
    );
    return () => {
      for (const undo of this.#undo.splice(0)) undo();
    };
  }

  #patch(
    owner: Patched,
    method: string,
    wrap: (original: (...given: unknown[]) => unknown) => (...given: never[]) => unknown,
  ): void {
    const prototype = owner.prototype as Record<string, (...given: unknown[]) => unknown>;
    const original = prototype[method] as (...given: unknown[]) => unknown;
    prototype[method] = wrap(original) as (...given: unknown[]) => unknown;
    this.#undo.push(() => (prototype[method] = original));
  }

  #own(request: IDBOpenDBRequest): void {
    const tab = this.#current;
    request.addEventListener('success', (event) => {
      if (tab.crashed) {
        event.stopImmediatePropagation();
        request.result.close();
        return;
      }
      tab.databases.add(request.result);
      this.#owners.set(request.result, tab);
    });
  }

  #observe(transaction: IDBTransaction, tab: Tab): void {
    const fault = takeFault(tab, transaction.mode);
    const observed: Observed = {
      tab,
      fault,
      requests: 0,
      pending: 0,
      committing: false,
      answered: false,
    };
    this.#observed.set(transaction, observed);
    transaction.addEventListener('complete', (event) => {
      // Events dispatched by `answer` pass; only the browser's own are intercepted.
      if (!event.isTrusted) return;
      if (tab.crashed || observed.answered) event.stopImmediatePropagation();
      else if (fault?.applied) {
        event.stopImmediatePropagation();
        this.#inject(transaction, observed, fault);
      }
    });
    transaction.addEventListener('abort', (event) => {
      if (!event.isTrusted) return;
      if (tab.crashed || observed.answered) event.stopImmediatePropagation();
    });
  }

  #commit(transaction: IDBTransaction, commit: () => void): void {
    const observed = this.#observed.get(transaction);
    if (!observed) return commit();
    observed.committing = true;
    if (!observed.fault || observed.fault.applied) commit();
    if (this.#defect === 'resolved before completion') answer(transaction, observed, 'complete');
    this.#injectAtCommit(transaction, observed);
  }

  #injectAtCommit(transaction: IDBTransaction, observed: Observed): void {
    const { fault, committing, pending, tab } = observed;
    if (!fault || fault.applied || !committing || pending > 0 || tab.injected) return;
    this.#inject(transaction, observed, fault);
  }

  #noteRequest(store: IDBObjectStore, method: string, given: unknown[], request: IDBRequest): void {
    const { transaction } = store;
    const observed = this.#observed.get(transaction);
    if (!observed) return;
    const { tab, fault } = observed;
    observed.requests++;
    observed.pending++;
    request.addEventListener('success', (event) => {
      observed.pending--;
      if (tab.crashed) event.stopImmediatePropagation();
      this.#remember(transaction, tab, method, given, request);
      // After the tab has handled the event.
      queueMicrotask(() => this.#injectAtCommit(transaction, observed));
    });
    request.addEventListener('error', (event) => {
      observed.pending--;
      if (tab.crashed) event.stopImmediatePropagation();
    });
    // In a microtask, so that the fault does not come in the middle of running code.
    if (fault?.atRequest === observed.requests) {
      queueMicrotask(() => {
        if (!tab.injected) this.#inject(transaction, observed, fault);
      });
    }
  }

  #inject(transaction: IDBTransaction, observed: Observed, fault: TabFault): void {
    const { tab } = observed;
    tab.injected = fault;
    if (fault.effect === 'crash') {
      tab.crash();
      if (!fault.applied) transaction.abort();
      return;
    }
    const error = new DOMException('The simulated browser failed', fault.error ?? 'AbortError');
    Object.defineProperty(transaction, 'error', { value: error });
    if (fault.applied) answer(transaction, observed, 'abort');
    else transaction.abort();
    if (fault.effect === 'disconnect') {
      transaction.db.close();
      transaction.db.dispatchEvent(new Event('close'));
    }
  }

  /** For the defect 'compare-and-swap off': remembers the records that a tab has seen, and answers with them. */
  #remember(
    transaction: IDBTransaction,
    tab: Tab,
    method: string,
    given: unknown[],
    request: IDBRequest,
  ): void {
    if (this.#defect !== 'compare-and-swap off') return;
    const key = method === 'put' ? given[1] : given[0];
    if (typeof key !== 'string') return;
    if (method === 'put') tab.known.set(key, structuredClone(given[0]));
    else if (method === 'get' && transaction.mode === 'readonly') tab.known.set(key, request.result);
    else if (method === 'get' && tab.known.has(key)) {
      Object.defineProperty(request, 'result', { value: structuredClone(tab.known.get(key)) });
    }
  }

  #requestLock(request: (...given: unknown[]) => Promise<unknown>, given: unknown[]): Promise<unknown> {
    const tab = this.#current;
    const callback = given.at(-1) as (lock: unknown) => unknown;
    if (!this.#locksWork) return Promise.resolve(callback(null));
    const held = (lock: unknown): unknown =>
      tab.crashed ? undefined : Promise.race([callback(lock), tab.crashEvent]);
    const never = new Promise<never>(() => undefined);
    return request(...given.slice(0, -1), held).then(
      (value) => (tab.crashed ? never : value),
      (error: unknown) => {
        if (tab.crashed) return never;
        throw error;
      },
    );
  }
}

function takeFault(tab: Tab, mode: IDBTransactionMode): TabFault | undefined {
  const { target } = tab;
  if (target?.mode !== mode) return undefined;
  if (target.skip-- > 0) return undefined;
  tab.target = undefined;
  return target.fault;
}

/** Dispatches the end of a transaction to the tab, in place of the browser's event. */
function answer(transaction: IDBTransaction, observed: Observed, type: 'complete' | 'abort'): void {
  observed.answered = true;
  transaction.dispatchEvent(new Event(type));
}
