/**
 * The queue that every read and every write of this process passes on its way to the open database, in this order:
 *
 * 1. All writes that wait when the previous commit ends go into the next transaction together (group commit):
 *    BEGIN IMMEDIATE, the writes, COMMIT. Only then do their promises resolve.
 * 2. A write that fails by its own fault rejects its own promise and takes back nothing of the others.
 * 3. A failure of the whole transaction (no room, I/O) is retried where it may pass, then write by write, so that one
 *    write that is too big does not take the others with it. A transaction that may be committed is never retried.
 * 4. Another connection's lock is waited for without blocking the event loop, until each operation's own deadline.
 * 5. Reads run between transactions, never inside one: they see only committed rows.
 * 6. Exclusive work (VACUUM, restore) runs alone and may await; it accesses the storage itself.
 * 7. An operation's signal ends its waiting: for its turn, for other connections' locks and for their readers.
 * 8. An operation of several steps (backup, cleanup) is in the queue once for each step, and other operations run in between.
 */
import { ResultCode, isBusy } from '@ggen-sim/sqljs-vfs';
import { forOtherLocks, retry } from '@ggen-sim/sqljs-vfs/internal';
import { yieldToEventLoop } from '#queue/yield';
import { commit } from '../engine/commit.ts';
import { resultCodeOf, toPersistenceError } from '../engine/error-mapping.ts';
import { forTransientIoErrors } from '../engine/retry.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import type { RetryPolicy, TableName } from '../api/persistence.ts';
import { abortedError } from '../validation/abort.ts';
import { commitGroup, type Outcome } from './group-commit.ts';

/** Most operations that share a transaction; bounds how much one failure has to repeat. */
const GROUP_LIMIT = 1000;

interface Operation<T = unknown> {
  readonly kind: 'read' | 'write' | 'exclusive';
  readonly name: string;
  readonly tables: readonly TableName[];
  readonly work: () => T | Promise<T>;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: T) => void;
  readonly reject: (error: PersistenceError) => void;
}

/** Entries in the queue for one operation of several steps; other operations run in between. */
export interface Steps {
  /** Like {@link OperationQueue.enqueueRead}. */
  read<T>(work: () => T): Promise<T>;
  /** Like {@link OperationQueue.enqueueWrite}. */
  write<T>(tables: readonly TableName[], work: () => T): Promise<T>;
  /** Like {@link OperationQueue.enqueueExclusive}. */
  exclusive<T>(tables: readonly TableName[], work: () => Promise<T>): Promise<T>;
  /** Runs exclusive work that only reads, like {@link OperationQueue.withReadTransaction}. */
  readTransaction<T>(work: () => Promise<T>): Promise<T>;
}

/** Calls around the transaction of a group of writes. */
export interface GroupHooks {
  /** Runs in the transaction, before the writes. */
  begin(): void;
  /** Runs after the commit of a group of which every write succeeded. */
  committed(): void;
  /** Runs after each commit. @param tables - those that were written */
  changed(tables: readonly TableName[]): void;
}

/** How operations run. */
export interface QueuePolicy extends RetryPolicy {
  /** True to refuse what writes with `READ_ONLY`, before anything is locked. @default false */
  readonly refusesWrites?: boolean;
}

/** Runs operations against one connection. */
export class OperationQueue {
  readonly #connection: SqliteConnection;
  readonly #policy: QueuePolicy;
  readonly #hooks: GroupHooks;
  #waiting: Operation[] = [];
  #running: Promise<void> | undefined;
  readonly #stepped: Set<Promise<unknown>> = new Set();
  /** The signal of the exclusive operation that runs. */
  #signal: AbortSignal | undefined;
  #closed = false;

  constructor(connection: SqliteConnection, policy: QueuePolicy, hooks: GroupHooks) {
    this.#connection = connection;
    this.#policy = policy;
    this.#hooks = hooks;
  }

  /** See {@link RetryPolicy}. */
  get busyDeadlineMs(): number {
    return this.#policy.busyDeadlineMs;
  }

  /** @throws {PersistenceError} READ_ONLY */
  assertWritable(name: string): void {
    if (this.#policy.refusesWrites) throw readOnly(name);
  }

  /** Enqueues synchronous work inside a transaction. Resolves once the transaction is durable. */
  enqueueWrite<T>(name: string, tables: readonly TableName[], work: () => T): Promise<T> {
    return this.#enqueue('write', name, tables, work);
  }

  /** Enqueues synchronous work outside any transaction of this process. */
  enqueueRead<T>(name: string, work: () => T): Promise<T> {
    return this.#enqueue('read', name, [], work);
  }

  /** Enqueues work that needs the connection for itself, over several turns of the event loop. */
  enqueueExclusive<T>(
    name: string,
    tables: readonly TableName[],
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#enqueue('exclusive', name, tables, work, signal);
  }

  /**
   * Within exclusive work: runs asynchronous work in one write transaction. The work runs again when another connection
   * commits first.
   */
  withWriteTransaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.#policy.refusesWrites) return Promise.reject(readOnly('write'));
    const connection = this.#connection;
    const steps = { commit: (): Promise<void> => commit(connection, this.#deadline(), this.#signal) };
    return this.retryTransient(() =>
      connection.durable.writeTransaction(() => connection.transaction('write', work, steps)),
    );
  }

  /**
   * Within exclusive work: holds a shared lock, so that no connection commits while the work reads step by step. The work
   * runs once: what it has given to a caller cannot be taken back.
   */
  withReadTransaction<T>(work: () => Promise<T>): Promise<T> {
    const connection = this.#connection;
    const begin = (begins: () => void): Promise<void> =>
      this.retryTransient(() => {
        connection.checkpoint();
        begins();
      });
    let first: Promise<T> | undefined;
    return connection.durable.readTransaction(
      () => (first ??= connection.transaction('read', work, { begin })),
    );
  }

  /** Runs an operation of several steps. Once it has begun, its steps are accepted even when the queue is closed. */
  async runInSteps<T>(
    name: string,
    operation: (steps: Steps) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#closed) throw closed(name);
    const running = operation({
      read: (work) => this.#push('read', name, [], work, signal),
      write: (tables, work) => this.#push('write', name, tables, work, signal),
      exclusive: (tables, work) => this.#push('exclusive', name, tables, work, signal),
      readTransaction: (work) =>
        this.#push('exclusive', name, [], () => this.withReadTransaction(work), signal),
    });
    this.#stepped.add(running);
    try {
      return await running;
    } finally {
      this.#stepped.delete(running);
    }
  }

  /** Accepts no new operation. Resolves when all that were accepted have settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#stepped);
    await this.#running;
  }

  /** Within exclusive work: retries a call that another connection's lock or a transient I/O error fails. */
  retryTransient<T>(call: () => T | Promise<T>): Promise<T> {
    return this.#retryUntil(this.#deadline(), call, this.#signal);
  }

  #retryUntil<T>(
    deadline: number,
    call: () => T | Promise<T>,
    signal: { readonly aborted: boolean } | undefined,
  ): Promise<T> {
    return retry(call, forOtherLocks(deadline, signal), forTransientIoErrors(this.#policy));
  }

  #deadline(): number {
    return performance.now() + this.#policy.busyDeadlineMs;
  }

  #enqueue<T>(
    kind: Operation['kind'],
    name: string,
    tables: readonly TableName[],
    work: () => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#closed ? Promise.reject(closed(name)) : this.#push(kind, name, tables, work, signal);
  }

  #push<T>(
    kind: Operation['kind'],
    name: string,
    tables: readonly TableName[],
    work: () => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const writes = kind === 'write' || tables.length > 0;
    if (writes && this.#policy.refusesWrites) return Promise.reject(readOnly(name));
    let leave = (): void => undefined;
    const outcome = new Promise<T>((resolve, reject) => {
      const deadline = this.#deadline();
      const operation = { kind, name, tables, work, deadline, signal, resolve, reject } as Operation;
      this.#waiting.push(operation);
      this.#running ??= this.#run();
      if (!signal) return;
      leave = () => {
        if (this.#take(operation)) reject(abortedError(name, signal));
      };
      signal.addEventListener('abort', leave);
    });
    // A save has no signal and does not pay for one.
    return signal ? outcome.finally(() => signal.removeEventListener('abort', leave)) : outcome;
  }

  /** Takes an operation out of those that wait. @returns false when it no longer waits */
  #take(operation: Operation): boolean {
    const position = this.#waiting.indexOf(operation);
    if (position !== -1) this.#waiting.splice(position, 1);
    return position !== -1;
  }

  async #run(): Promise<void> {
    // Callers of the same task, and those that the last commit woke, get to join the next group.
    for (await yieldToEventLoop(); this.#waiting.length > 0; await yieldToEventLoop()) {
      const [first] = this.#waiting;
      if (first?.kind === 'exclusive') {
        this.#waiting.shift();
        await this.#runExclusive(first);
        continue;
      }
      const end = this.#waiting.findIndex(({ kind }) => kind === 'exclusive');
      const next = this.#waiting.splice(0, Math.min(end === -1 ? Infinity : end, GROUP_LIMIT));
      const writes = next.filter(({ kind }) => kind === 'write');
      const reads = next.filter(({ kind }) => kind === 'read');
      // While the writes run, the reads still wait, and an abort takes them out.
      this.#waiting.unshift(...reads);
      if (writes.length > 0) await this.#runGroup(writes);
      for (const read of reads) if (this.#take(read)) await this.#runRead(read);
    }
    this.#running = undefined;
  }

  async #runRead(operation: Operation): Promise<void> {
    try {
      const { work, deadline, signal } = operation;
      const { durable } = this.#connection;
      operation.resolve(await this.#retryUntil(deadline, () => durable.readTransaction(work), signal));
    } catch (error) {
      operation.reject(toPersistenceError(error, operation.name));
    }
  }

  async #runExclusive(operation: Operation): Promise<void> {
    this.#signal = operation.signal;
    try {
      operation.resolve(await operation.work());
      if (operation.tables.length > 0) this.#hooks.changed(operation.tables);
    } catch (error) {
      operation.reject(toPersistenceError(error, operation.name));
    }
  }

  /** Runs writes in one transaction. Resolves when every operation has settled. */
  async #runGroup(group: readonly Operation[]): Promise<void> {
    const connection = this.#connection;
    const works = group.map(({ work }) => work);
    const deadline = Math.min(...group.map((operation) => operation.deadline));
    const abort = abortOfAny(group);
    let outcomes: Outcome[];
    try {
      outcomes = await this.#retryUntil(
        deadline,
        () =>
          connection.durable.writeTransaction(() =>
            commitGroup(connection, works, { deadline, abort, begin: () => this.#hooks.begin() }),
          ),
        abort,
      );
    } catch (error) {
      await this.#runSmallerGroups(group, error);
      return;
    }
    if (outcomes.every((outcome) => 'result' in outcome)) this.#hooks.committed();
    const tables = new Set<TableName>();
    for (const [index, operation] of group.entries()) {
      const outcome = outcomes[index] as Outcome;
      if ('error' in outcome) {
        operation.reject(toPersistenceError(outcome.error, operation.name));
      } else {
        operation.resolve(outcome.result);
        for (const table of operation.tables) tables.add(table);
      }
    }
    if (tables.size > 0) this.#hooks.changed([...tables]);
  }

  /**
   * Runs what may still succeed after a group has failed. When the disk was full, each write runs alone. When another
   * connection's lock was in the way, the writes with a later deadline that are not aborted run again. The other writes are rejected.
   */
  async #runSmallerGroups(group: readonly Operation[], error: unknown): Promise<void> {
    if (resultCodeOf(error) === ResultCode.FULL && group.length > 1) {
      for (const operation of group) await this.#runGroup([operation]);
      return;
    }
    const now = performance.now();
    const patient = isBusy(error)
      ? group.filter(({ deadline, signal }) => deadline > now && signal?.aborted !== true)
      : [];
    for (const operation of group) {
      if (!patient.includes(operation)) operation.reject(toPersistenceError(error, operation.name));
    }
    if (patient.length > 0) await this.#runGroup(patient);
  }
}

/** Returns what tells if any of the operations is aborted. */
function abortOfAny(group: readonly Operation[]): { readonly aborted: boolean } {
  return {
    get aborted(): boolean {
      return group.some(({ signal }) => signal?.aborted);
    },
  };
}

function readOnly(operation: string): PersistenceError {
  return new PersistenceError('READ_ONLY', 'The database was opened for reading only', {
    operation,
    hint: 'Write with the program that keeps it.',
  });
}

function closed(operation: string): PersistenceError {
  return new PersistenceError('CLOSED', 'The database is closed', { operation });
}
