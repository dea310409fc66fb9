/**
 * Runs a workload once for each of its calls, with a fault at that call. The operation that meets the fault must be
 * rejected with the right code, or succeed all the same. Then this connection and another one must read the same, and the
 * next attempt must succeed.
 */
import { type DurableDatabase, type Storage, openDatabase } from '../../src/index.ts';
import {
  type PlannedTransaction,
  faultOf,
  lastTransaction,
  planTransactions,
  runTransaction,
} from '../../../../tests/crash/crash-workload.ts';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import { OneFault } from './one-fault.browser.ts';

const TRANSACTIONS = 5;
/** Transaction 0 makes the tables. */
const LAST: number = TRANSACTIONS;
/** The transaction that another connection commits. */
const OTHER_CONNECTION = 3;

/** The fault, and the ways in which it may be reported. */
export interface Sweep {
  readonly makeStorage: (name: string) => Storage;
  /** Installs the fault in the browser. @returns the function that removes it */
  readonly install: (fault: OneFault) => () => void;
  readonly isExpected: (error: unknown) => boolean;
  /** Length of the longest text of a row. @default 300 */
  readonly longestText?: number;
  /** True when a transaction may be committed although this call of its commit failed. */
  readonly mayBeCommitted?: (call: string) => boolean;
  /** True for an error after which a connection is unusable. */
  readonly isFinal?: (error: unknown) => boolean;
  /** True when another connection commits the first transaction too, so that the database exists. */
  readonly existing?: boolean;
  /** Called in the middle of the workload, before a transaction. */
  readonly meanwhile?: () => void;
}

/** The outcome of a sweep. */
export interface SweepOutcome {
  /** Number of calls that failed, one in each run. */
  readonly calls: number;
  /** Number of failures that were reported. */
  readonly reported: number;
  /** Number of failures that were reported although the transaction is committed. */
  readonly committed: number;
}

function mustBe(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

class Work {
  failures = 0;
  committed = 0;
  #last = -1;
  #attempts = 0;
  #opened: DurableDatabase | undefined;
  readonly #name: string = crypto.randomUUID();
  readonly #fault: OneFault;
  readonly #sweep: Sweep;
  readonly #plan: readonly PlannedTransaction[];

  constructor(fault: OneFault, sweep: Sweep) {
    this.#fault = fault;
    this.#sweep = sweep;
    this.#plan = planTransactions(new SeededRandom(1), {
      transactions: TRANSACTIONS,
      rows: 10,
      longestText: sweep.longestText ?? 300,
      rewriteEvery: 4,
      vacuumEvery: 5,
    });
  }

  async run(): Promise<void> {
    while (this.#last < LAST) {
      if (this.#isOtherConnections(this.#last + 1))
        await this.#fault.suspended(() => this.#another((other) => this.#commit(other)));
      else await this.#attempt(() => this.#step());
    }
    const opened = this.#opened;
    this.#opened = undefined;
    await this.#attempt(async () => opened?.readTransaction(() => opened.close()));
    await this.#fault.suspended(() => this.#another((other) => this.#check(other)));
  }

  #isOtherConnections(transaction: number): boolean {
    return transaction === OTHER_CONNECTION || (transaction === 0 && this.#sweep.existing === true);
  }

  async #step(): Promise<void> {
    this.#opened ??= await this.#open();
    if (this.#last === OTHER_CONNECTION) this.#sweep.meanwhile?.();
    await this.#commit(this.#opened);
    await this.#check(this.#opened);
  }

  #open(): Promise<DurableDatabase> {
    return openDatabase(this.#sweep.makeStorage(this.#name), { busyDeadlineMs: 0 });
  }

  async #another(work: (other: DurableDatabase) => Promise<void>): Promise<void> {
    const other = await this.#open();
    await work(other);
    await other.readTransaction(() => other.close());
  }

  async #commit(durable: DurableDatabase): Promise<void> {
    const planned = this.#plan[this.#last + 1] as PlannedTransaction;
    await durable.writeTransaction(() => {
      try {
        runTransaction(durable.database, planned, this.#attempts++);
      } catch (error) {
        rollBack(durable);
        throw error;
      }
    });
    this.#last = planned.number;
  }

  async #check(durable: DurableDatabase): Promise<void> {
    const expectation = { promised: this.#last, begun: this.#last };
    mustBe(
      await durable.readTransaction(() => faultOf(durable.database, this.#plan, expectation)),
      undefined,
    );
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#sweep.isExpected(error)) throw error;
      // Only one call fails, so at most one attempt may.
      mustBe(++this.failures, 1);
      if (this.#sweep.isFinal?.(error)) this.#opened = undefined;
      await this.#checkBoth(this.#fault.failedCall ?? 'nothing');
    }
  }

  /** Checks that neither this connection nor another one reads the refused transaction. */
  async #checkBoth(failedCall: string): Promise<void> {
    const opened = this.#opened;
    if (opened) {
      const last = await opened.readTransaction(() => lastTransaction(opened.database));
      if (last === this.#last + 1 && this.#sweep.mayBeCommitted?.(failedCall)) {
        this.committed++;
        this.#last++;
      }
      await this.#check(opened);
    }
    await this.#another((other) => this.#check(other));
  }
}

function rollBack({ database }: DurableDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite has already ended the transaction.
  }
}

/** Fails each call of the workload, one in each run. @throws {Error} that names the call that did harm */
export async function sweepAll(sweep: Sweep): Promise<SweepOutcome> {
  let reported = 0;
  let committed = 0;
  for (let call = 0; ; call++) {
    const fault = new OneFault(call);
    const work = new Work(fault, sweep);
    const removeFault = sweep.install(fault);
    try {
      await work.run();
    } catch (error) {
      throw new Error(`call ${call}, ${fault.failedCall ?? 'none'}: ${String(error)}`, { cause: error });
    } finally {
      removeFault();
    }
    if (fault.failedCall === undefined) return { calls: call, reported, committed };
    reported += work.failures;
    committed += work.committed;
  }
}
