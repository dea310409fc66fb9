/**
 * Asynchronous SQL on one connection, as the drivers of object-relational mappers need it. Statements and transactions
 * run one after the other. A call resolves once what it wrote is durable, on every storage.
 *
 * 1. All drivers of a database share its queue, so a statement never gets into the transaction of another caller.
 * 2. A statement outside a transaction is one. It is repeated while another connection has the locks.
 * 3. A transaction begins IMMEDIATE unless its caller wants otherwise: SQLite then waits for other writers where it can,
 *    at the beginning. Its caller's work is never repeated. Where another tab has committed first, it ends with
 *    SQLITE_BUSY, and nothing of it is stored.
 */
import type { DurableDatabase } from '../durable-database.ts';
import { SqliteError, VfsError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import { retryBusy } from '../retry-busy.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { BindValue, SqlJsDatabase, SqlValue } from '../sqlite/sqljs-types.ts';

/** Options of a driver. */
export interface DriverOptions {
  /** How long a statement or the begin or end of a transaction waits for other connections, in milliseconds. @default 30000 */
  readonly busyDeadlineMs?: number;
}

/** The outcome of one statement. */
export interface StatementResult {
  readonly columns: readonly string[];
  readonly rows: SqlValue[][];
  /** Number of rows that an INSERT, UPDATE or DELETE changed; undefined for other statements. */
  readonly changes: number | undefined;
  /** The rowid of the last INSERT of this connection. */
  readonly lastInsertRowid: number;
}

/** How a transaction begins (https://www.sqlite.org/lang_transaction.html). */
export type TransactionBehavior = 'deferred' | 'immediate' | 'exclusive';

/** An open transaction. */
export interface SqlTransaction {
  execute(sql: string, values: readonly unknown[]): StatementResult;
  /** Resolves once the transaction is durable. It has ended, also when this fails. */
  commit(): Promise<void>;
  /** Does nothing when the transaction has ended. */
  rollback(): Promise<void>;
}

const queues = new WeakMap<DurableDatabase, SerialQueue>();

const WRITES_ROWS = /^\s*(?:insert|update|delete|replace|with)\b/i;

/** Runs one statement. */
function execute(database: SqlJsDatabase, sql: string, values: readonly unknown[]): StatementResult {
  const statement = database.prepare(sql);
  try {
    statement.bind(values as readonly BindValue[]);
    const rows: SqlValue[][] = [];
    while (statement.step()) rows.push(statement.get());
    const columns = statement.getColumnNames();
    const isChange = WRITES_ROWS.test(sql);
    const [lastInsertRowid] = isChange
      ? (database.exec('SELECT last_insert_rowid()')[0]?.values[0] ?? [])
      : [];
    return {
      columns,
      rows,
      changes: isChange ? database.getRowsModified() : undefined,
      lastInsertRowid: Number(lastInsertRowid ?? 0),
    };
  } finally {
    statement.free();
  }
}

/** Asynchronous SQL on one database. */
export class SqlSession {
  readonly #durable: DurableDatabase;
  readonly #queue: SerialQueue;
  readonly #busyDeadlineMs: number;

  constructor(durable: DurableDatabase, { busyDeadlineMs = 30_000 }: DriverOptions = {}) {
    this.#durable = durable;
    this.#busyDeadlineMs = busyDeadlineMs;
    let queue = queues.get(durable);
    if (!queue) queues.set(durable, (queue = new SerialQueue()));
    this.#queue = queue;
  }

  /** Runs one statement as a transaction of its own. */
  execute(sql: string, values: readonly unknown[]): Promise<StatementResult> {
    const { database } = this.#durable;
    return this.#queue.run(() =>
      this.#waiting(() => this.#durable.writeTransaction(() => execute(database, sql, values))),
    );
  }

  /**
   * Begins a transaction, after all that was requested before.
   * @throws SqliteError SQLITE_BUSY (5) after the deadline
   */
  begin(behavior: TransactionBehavior = 'immediate'): Promise<SqlTransaction> {
    return new Promise((resolve, reject) => {
      const transaction = new OpenTransaction(this.#durable.database, (work) => this.#waiting(work));
      const whole = this.#queue.run(() =>
        this.#waiting(async () => {
          const stored = this.#durable.writeTransaction(async () => {
            transaction.begin(behavior);
            resolve(transaction);
            await transaction.ended;
          });
          // What fails once the caller's work has begun is not repeated.
          const failure = await stored.then(
            () => undefined,
            (error: unknown) => ({ error }),
          );
          if (failure && !transaction.begun) throw failure.error;
          transaction.settle(failure);
        }),
      );
      whole.catch(reject);
    });
  }

  /** Closes the database, after all that was requested before. */
  close(): Promise<void> {
    return this.#queue.run(() => this.#durable.readTransaction(() => this.#durable.close()));
  }

  #waiting<T>(work: () => T | Promise<T>): Promise<T> {
    return retryBusy(work, this.#busyDeadlineMs);
  }
}

class OpenTransaction implements SqlTransaction {
  begun = false;
  readonly #database: SqlJsDatabase;
  readonly #waiting: (work: () => void) => Promise<void>;
  #open = false;
  /** Ends the storage's transaction. */
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  /** Settles with the storage's transaction. */
  readonly #stored: Promise<void>;
  settle: (failure: { readonly error: unknown } | undefined) => void = () => undefined;

  constructor(database: SqlJsDatabase, waiting: (work: () => void) => Promise<void>) {
    this.#database = database;
    this.#waiting = waiting;
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#stored = new Promise((resolve, reject) => {
      this.settle = (failure) => (failure ? reject(failure.error) : resolve());
    });
    // Either is reported by `commit` or `rollback`.
    this.ended.catch(() => undefined);
    this.#stored.catch(() => undefined);
  }

  begin(behavior: TransactionBehavior): void {
    if (this.begun) throw new SqliteError(ResultCode.BUSY, 'another connection has committed first');
    this.#database.run(`BEGIN ${behavior}`);
    this.begun = true;
    this.#open = true;
  }

  execute(sql: string, values: readonly unknown[]): StatementResult {
    this.#assertOpen();
    return execute(this.#database, sql, values);
  }

  async commit(): Promise<void> {
    this.#assertOpen();
    this.#open = false;
    try {
      await this.#waiting(() => void this.#database.run('COMMIT'));
    } catch (error) {
      this.#abandon(error);
      throw error;
    }
    this.#end();
    await this.#stored;
  }

  async rollback(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#abandon(new Error('rolled back'));
    // Nothing of it is stored, whatever else the storage reports.
    await this.#stored.catch(() => undefined);
  }

  #abandon(reason: unknown): void {
    try {
      this.#database.run('ROLLBACK');
    } catch {
      // SQLite has ended the transaction itself after a failure.
    }
    this.#fail(reason);
  }

  #assertOpen(): void {
    if (!this.#open) throw new VfsError('CLOSED', 'the transaction has ended');
  }
}
