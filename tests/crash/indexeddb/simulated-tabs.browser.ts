/**
 * Tabs that can die. They live in one realm and use the browser's own IndexedDB and Web Locks; what is put between
 * them and the browser decides how one chosen transaction of a tab ends, and lets nothing of a dead tab go on: it hears
 * no answer, its unfinished transaction is aborted and its locks come free, as when a browser ends a page.
 */

/** How a transaction ends that was chosen to end badly. */
export interface Fate {
  /** In a report. */
  readonly image: string;
  /** Whether what the transaction did is stored all the same. */
  readonly applied: boolean;
  /** `dies`: the tab ends. `loses`: its connection is closed by the browser. `fails`: the transaction alone. */
  readonly tab: 'dies' | 'loses' | 'fails';
  /** Strikes at this request, counted from 1; without one, when all requests have succeeded and it commits. */
  readonly atRequest?: number;
  /** Name of the transaction's error. */
  readonly error?: string;
}

/** Browsers, locks or storages that do not keep their word: the checks must notice. */
export type Defect =
  /** A commit counts as soon as its requests have succeeded. */
  | 'answered before it completes'
  /** A commit is told that what is stored is what it expects. */
  | 'compare-and-swap off'
  /** After a failed commit memory stays as the transaction left it. */
  | 'pre-images not restored'
  /** A fold removes commits before all of their changes are in the extents. */
  | 'commits removed too early';

interface Target {
  readonly fate: Fate;
  readonly mode: 'readonly' | 'readwrite';
  /** How many transactions of that mode are left alone before. */
  skip: number;
}

/** One simulated tab. */
export class Tab {
  readonly death: Promise<void>;
  readonly databases: Set<IDBDatabase> = new Set();
  /** What it last knew of records with a plain name, for a browser that lies. */
  readonly known: Map<string, unknown> = new Map();
  dead = false;
  /** Whether its fate has struck. */
  struck: Fate | undefined;
  target: Target | undefined;
  #end: () => void = () => undefined;

  constructor() {
    this.death = new Promise((resolve) => (this.#end = resolve));
  }

  die(): void {
    this.dead = true;
    for (const database of this.databases) database.close();
    this.#end();
  }
}

interface Observed {
  readonly tab: Tab;
  readonly fate: Fate | undefined;
  requests: number;
  pending: number;
  committing: boolean;
  /** The tab has been given another answer than the browser's. */
  answered: boolean;
}

type Patched = { prototype: object };

/** The tabs of one realm. Only one of these may be installed at a time. */
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

  /** A tab, whose turn it is to open databases until another one is made or entered. */
  newTab(): Tab {
    return this.enter(new Tab());
  }

  /** Whoever opens a database or asks for a lock now is this tab. */
  enter(tab: Tab): Tab {
    this.#current = tab;
    return tab;
  }

  /** Puts itself between this realm and its browser. @returns what takes it away again */
  install(): () => void {
    const adopt = (request: IDBOpenDBRequest): void => this.#adopt(request);
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
    const askForLock = (ask: (...given: unknown[]) => Promise<unknown>, given: unknown[]): Promise<unknown> =>
      this.#askForLock(ask, given);
    this.#patch(
      IDBFactory,
      'open',
      (open) =>
        function patched(this: IDBFactory, ...given: unknown[]) {
          const request = open.apply(this, given) as IDBOpenDBRequest;
          adopt(request);
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
      (ask) =>
        function patched(this: LockManager, ...given: unknown[]) {
          return askForLock((...changed) => ask.apply(this, changed) as Promise<unknown>, given);
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

  #adopt(request: IDBOpenDBRequest): void {
    const tab = this.#current;
    request.addEventListener('success', (event) => {
      if (tab.dead) {
        event.stopImmediatePropagation();
        request.result.close();
        return;
      }
      tab.databases.add(request.result);
      this.#owners.set(request.result, tab);
    });
  }

  #observe(transaction: IDBTransaction, tab: Tab): void {
    const fate = takeFate(tab, transaction.mode);
    const observed: Observed = {
      tab,
      fate,
      requests: 0,
      pending: 0,
      committing: false,
      answered: false,
    };
    this.#observed.set(transaction, observed);
    transaction.addEventListener('complete', (event) => {
      // Only the browser's own events are news; `answer` makes others.
      if (!event.isTrusted) return;
      if (tab.dead || observed.answered) event.stopImmediatePropagation();
      else if (fate?.applied) {
        event.stopImmediatePropagation();
        this.#strike(transaction, observed, fate);
      }
    });
    transaction.addEventListener('abort', (event) => {
      if (!event.isTrusted) return;
      if (tab.dead || observed.answered) event.stopImmediatePropagation();
    });
  }

  #commit(transaction: IDBTransaction, commit: () => void): void {
    const observed = this.#observed.get(transaction);
    if (!observed) return commit();
    observed.committing = true;
    if (!observed.fate || observed.fate.applied) commit();
    if (this.#defect === 'answered before it completes') answer(transaction, observed, 'complete');
    this.#strikeAtCommit(transaction, observed);
  }

  #strikeAtCommit(transaction: IDBTransaction, observed: Observed): void {
    const { fate, committing, pending, tab } = observed;
    if (!fate || fate.applied || !committing || pending > 0 || tab.struck) return;
    this.#strike(transaction, observed, fate);
  }

  #noteRequest(store: IDBObjectStore, method: string, given: unknown[], request: IDBRequest): void {
    const { transaction } = store;
    const observed = this.#observed.get(transaction);
    if (!observed) return;
    const { tab, fate } = observed;
    observed.requests++;
    observed.pending++;
    request.addEventListener('success', (event) => {
      observed.pending--;
      if (tab.dead) event.stopImmediatePropagation();
      this.#remember(transaction, tab, method, given, request);
      // After the tab has heard of it.
      queueMicrotask(() => this.#strikeAtCommit(transaction, observed));
    });
    request.addEventListener('error', (event) => {
      observed.pending--;
      if (tab.dead) event.stopImmediatePropagation();
    });
    // Once what asked has stopped to wait: nothing strikes in the middle of running code.
    if (fate?.atRequest === observed.requests) {
      queueMicrotask(() => {
        if (!tab.struck) this.#strike(transaction, observed, fate);
      });
    }
  }

  #strike(transaction: IDBTransaction, observed: Observed, fate: Fate): void {
    const { tab } = observed;
    tab.struck = fate;
    if (fate.tab === 'dies') {
      tab.die();
      if (!fate.applied) transaction.abort();
      return;
    }
    const error = new DOMException('The simulated browser failed', fate.error ?? 'AbortError');
    Object.defineProperty(transaction, 'error', { value: error });
    if (fate.applied) answer(transaction, observed, 'abort');
    else transaction.abort();
    if (fate.tab === 'loses') {
      transaction.db.close();
      transaction.db.dispatchEvent(new Event('close'));
    }
  }

  /** A lying browser's memory of what this tab has seen, and its lie. */
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

  #askForLock(ask: (...given: unknown[]) => Promise<unknown>, given: unknown[]): Promise<unknown> {
    const tab = this.#current;
    const callback = given.at(-1) as (lock: unknown) => unknown;
    if (!this.#locksWork) return Promise.resolve(callback(null));
    const held = (lock: unknown): unknown =>
      tab.dead ? undefined : Promise.race([callback(lock), tab.death]);
    const never = new Promise<never>(() => undefined);
    return ask(...given.slice(0, -1), held).then(
      (value) => (tab.dead ? never : value),
      (error: unknown) => {
        if (tab.dead) return never;
        throw error;
      },
    );
  }
}

function takeFate(tab: Tab, mode: IDBTransactionMode): Fate | undefined {
  const { target } = tab;
  if (target?.mode !== mode) return undefined;
  if (target.skip-- > 0) return undefined;
  tab.target = undefined;
  return target.fate;
}

/** Tells the tab how its transaction ended, in the browser's place. */
function answer(transaction: IDBTransaction, observed: Observed, type: 'complete' | 'abort'): void {
  observed.answered = true;
  transaction.dispatchEvent(new Event(type));
}
