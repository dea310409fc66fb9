/**
 * The one way to an open database. Every read and every write of this process passes here, in this order:
 *
 * 1. Whatever writes are waiting when the previous commit ends go into the next transaction together (group commit):
 *    BEGIN IMMEDIATE, the writes, COMMIT, and only then does every promise resolve.
 * 2. A write that fails by its own fault rejects its own promise and takes back nothing of the others: the transaction
 *    is rolled back and run again with each write in a savepoint of its own. Without savepoints SQLite need not copy the
 *    pages that every write of a group changes, and failing is rare.
 * 3. A failure of the whole transaction (no room, I/O) is retried where it may pass, then write by write, so that one
 *    write too many does not take the others with it. What may stand already is never tried again.
 * 4. Somebody else's lock is waited for without blocking the event loop, until each operation's own deadline.
 * 5. Reads run between transactions, never inside one: they see only what is committed.
 * 6. Exclusive work (backup, VACUUM, restore) runs alone and may await; it takes its own turns of the storage.
 */
import { ResultCode, UncertainCommit, busyPauseMs, isBusy, pause } from '@ggen-sim/sqljs-vfs';
import { yieldToEventLoop } from '#queue/yield';
import { commitOnceReadersLeave } from '../engine/commit.ts';
import { resultCodeOf, toPersistenceError } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import type { RetryPolicy, TableName } from '../api/persistence.ts';

/** Operations that share a transaction at most; bounds how much one failure has to repeat. */
const GROUP_LIMIT = 1000;

/** Failures of the transaction as a whole, after which SQLite may have rolled back everything by itself. */
const TRANSACTION_FAILURES: ReadonlySet<number | undefined> = new Set([
  ResultCode.BUSY,
  ResultCode.NOMEM,
  ResultCode.READONLY,
  ResultCode.INTERRUPT,
  ResultCode.IOERR,
  ResultCode.CORRUPT,
  ResultCode.FULL,
  ResultCode.CANTOPEN,
]);

interface Operation<Result = unknown> {
  readonly kind: 'read' | 'write' | 'exclusive';
  readonly name: string;
  readonly tables: readonly TableName[];
  readonly work: () => Result | Promise<Result>;
  readonly deadline: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: PersistenceError) => void;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** The default of {@link RetryPolicy}. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  ioRetries: 5,
  ioRetryDelayMs: 100,
  busyDeadlineMs: 30_000,
};

/** Runs operations against one connection. */
export class OperationQueue {
  readonly #connection: SqliteConnection;
  readonly #policy: RetryPolicy;
  readonly #onCommit: (tables: readonly TableName[]) => void;
  #waiting: Operation[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(
    connection: SqliteConnection,
    policy: RetryPolicy,
    onCommit: (tables: readonly TableName[]) => void,
  ) {
    this.#connection = connection;
    this.#policy = policy;
    this.#onCommit = onCommit;
  }

  /** A write: synchronous work inside a transaction. Resolves once the transaction is durable. */
  enqueueWrite<Result>(name: string, tables: readonly TableName[], work: () => Result): Promise<Result> {
    return this.#enqueue('write', name, tables, work);
  }

  /** A read: synchronous work outside any transaction of ours. */
  enqueueRead<Result>(name: string, work: () => Result): Promise<Result> {
    return this.#enqueue('read', name, [], work);
  }

  /** Work that needs the connection for itself, over several turns of the event loop. */
  enqueueExclusive<Result>(
    name: string,
    tables: readonly TableName[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    return this.#enqueue('exclusive', name, tables, work);
  }

  /** Within exclusive work: BEGIN to COMMIT over several turns of the event loop; repeated if somebody was faster. */
  withWriteTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
    const attempt = async (): Promise<Result> => {
      this.#connection.run('BEGIN IMMEDIATE');
      try {
        const result = await work();
        await this.#commit(performance.now() + this.#policy.busyDeadlineMs);
        return result;
      } catch (error) {
        this.#rollbackQuietly();
        throw error;
      }
    };
    return this.retryTransient(() => this.#connection.durable.writeTransaction(attempt));
  }

  /** Within exclusive work: holds a shared lock, so that nobody commits while the work reads piece by piece. */
  withReadTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
    const { durable } = this.#connection;
    return durable.readTransaction(async () => {
      await this.retryTransient(() => {
        if (durable.journalMode === 'wal') this.#connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        this.#connection.exec('BEGIN');
        try {
          this.#connection.exec('SELECT count(*) FROM sqlite_schema');
        } catch (error) {
          this.#connection.rollback();
          throw error;
        }
      });
      try {
        return await work();
      } finally {
        this.#rollbackQuietly();
      }
    });
  }

  /** Takes nothing new, and resolves when all that was asked before has settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  /** Calls until it is not somebody else's lock that fails it, until the policy's deadline. For exclusive work. */
  retryTransient<Result>(call: () => Result | Promise<Result>): Promise<Result> {
    return this.#retry(call, performance.now() + this.#policy.busyDeadlineMs);
  }

  #enqueue<Result>(
    kind: Operation['kind'],
    name: string,
    tables: readonly TableName[],
    work: () => Result | Promise<Result>,
  ): Promise<Result> {
    if (this.#closed) {
      return Promise.reject(new PersistenceError('CLOSED', 'The database is closed', { operation: name }));
    }
    return new Promise<Result>((resolve, reject) => {
      const deadline = performance.now() + this.#policy.busyDeadlineMs;
      this.#waiting.push({ kind, name, tables, work, deadline, resolve, reject } as Operation);
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // Callers that act in the same turn, and those the last commit woke, get to join the next group.
    for (await yieldToEventLoop(); this.#waiting.length > 0; await yieldToEventLoop()) {
      const [first] = this.#waiting;
      if (first?.kind === 'exclusive') {
        this.#waiting.shift();
        await this.#runExclusive(first);
        continue;
      }
      const end = this.#waiting.findIndex(({ kind }) => kind === 'exclusive');
      const batch = this.#waiting.splice(0, Math.min(end === -1 ? Infinity : end, GROUP_LIMIT));
      const writes = batch.filter(({ kind }) => kind === 'write');
      if (writes.length > 0) await this.#commitGroup(writes);
      for (const read of batch) if (read.kind === 'read') await this.#runRead(read);
    }
    this.#running = undefined;
  }

  async #runRead(operation: Operation): Promise<void> {
    try {
      operation.resolve(
        await this.#retry(() => this.#connection.durable.readTransaction(operation.work), operation.deadline),
      );
    } catch (error) {
      operation.reject(toPersistenceError(error, operation.name));
    }
  }

  async #runExclusive(operation: Operation): Promise<void> {
    try {
      operation.resolve(await operation.work());
      if (operation.tables.length > 0) this.#onCommit(operation.tables);
    } catch (error) {
      operation.reject(toPersistenceError(error, operation.name));
    }
  }

  /** One transaction for all; resolves when every operation has settled. */
  async #commitGroup(group: readonly Operation[]): Promise<void> {
    const earliestDeadline = Math.min(...group.map(({ deadline }) => deadline));
    let outcomes: Outcome[];
    try {
      outcomes = await this.#retry(
        () => this.#connection.durable.writeTransaction(() => this.#transact(group, earliestDeadline)),
        earliestDeadline,
      );
    } catch (error) {
      await this.#giveUp(group, error);
      return;
    }
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
    if (tables.size > 0) this.#onCommit([...tables]);
  }

  /** A transaction failed for good: rejects those it cannot help, tries the others again. */
  async #giveUp(group: readonly Operation[], error: unknown): Promise<void> {
    if (resultCodeOf(error) === ResultCode.FULL && group.length > 1) {
      for (const operation of group) await this.#commitGroup([operation]);
      return;
    }
    const now = performance.now();
    const patient = isBusy(error) ? group.filter(({ deadline }) => deadline > now) : [];
    for (const operation of group) {
      if (!patient.includes(operation)) operation.reject(toPersistenceError(error, operation.name));
    }
    if (patient.length > 0) await this.#commitGroup(patient);
  }

  /** BEGIN to COMMIT. Leaves no transaction open when it throws. */
  async #transact(group: readonly Operation[], deadline: number): Promise<Outcome[]> {
    this.#connection.run('BEGIN IMMEDIATE');
    try {
      const outcomes = this.#attemptAll(group) ?? this.#attemptEach(group);
      if (outcomes.every((outcome) => 'error' in outcome)) this.#connection.rollback();
      else await this.#commit(deadline);
      return outcomes;
    } catch (error) {
      this.#rollbackQuietly();
      throw error;
    }
  }

  /** @returns undefined when one failed by its own fault, and nothing of any of them is left */
  #attemptAll(group: readonly Operation[]): Outcome[] | undefined {
    const outcomes: Outcome[] = [];
    for (const operation of group) {
      const outcome = outcomeOf(operation);
      if ('error' in outcome && group.length > 1) {
        this.#connection.rollback();
        this.#connection.run('BEGIN IMMEDIATE');
        return undefined;
      }
      outcomes.push(outcome);
    }
    return outcomes;
  }

  #attemptEach(group: readonly Operation[]): Outcome[] {
    return group.map((operation) => {
      this.#connection.run('SAVEPOINT operation');
      const outcome = outcomeOf(operation);
      if ('error' in outcome) this.#connection.run('ROLLBACK TO operation');
      this.#connection.run('RELEASE operation');
      return outcome;
    });
  }

  async #commit(deadline: number): Promise<void> {
    const versionBefore = this.#version();
    try {
      await commitOnceReadersLeave(this.#connection, deadline);
    } catch (error) {
      if (isBusy(error) || !this.#mayBeCommitted(versionBefore)) throw error;
      throw new UncertainCommit(error);
    }
  }

  /**
   * Whether a transaction whose COMMIT failed may be in the file nevertheless: the last sync of a commit comes after
   * the point from which SQLite no longer takes it back. Another process's commit in that moment looks the same.
   */
  #mayBeCommitted(versionBefore: number | undefined): boolean {
    this.#rollbackQuietly();
    try {
      // Reading has SQLite roll back what a failed rollback left to the journal.
      this.#connection.exec('SELECT count(*) FROM sqlite_schema');
    } catch {
      return true;
    }
    const version = this.#version();
    return version === undefined || version !== versionBefore;
  }

  /** The file's change counter; undefined where it cannot be read, which must not fail a commit. */
  #version(): number | undefined {
    try {
      return this.#connection.durable.changeCounter();
    } catch {
      return undefined;
    }
  }

  async #retry<Result>(call: () => Result | Promise<Result>, deadline: number): Promise<Result> {
    for (let busyAttempts = 0, ioFailures = 0; ;) {
      try {
        return await call();
      } catch (error) {
        if (isBusy(error) && performance.now() < deadline) {
          await pause(busyPauseMs(busyAttempts++));
        } else if (resultCodeOf(error) === ResultCode.IOERR && ioFailures++ < this.#policy.ioRetries) {
          await pause(this.#policy.ioRetryDelayMs);
        } else {
          throw error;
        }
      }
    }
  }

  /** After a failure: the first error is the one to report, not that of cleaning up after it. */
  #rollbackQuietly(): void {
    try {
      this.#connection.rollback();
    } catch {
      // SQLite ends the transaction itself when the storage fails; the next BEGIN tells if it did not.
    }
  }
}

/** What a write came to. @throws what fails its transaction as a whole */
function outcomeOf(operation: Operation): Outcome {
  try {
    return { result: operation.work() };
  } catch (error) {
    if (TRANSACTION_FAILURES.has(resultCodeOf(error))) throw error;
    return { error };
  }
}
