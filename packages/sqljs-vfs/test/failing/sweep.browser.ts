/**
 * A workload in which one call fails, once for each call there is. Whatever met the failure is rejected with the right
 * code or goes well all the same; this connection and another one then read the same; and the next attempt works.
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

const PLAN = planTransactions(new SeededRandom(1), {
  transactions: 5,
  rows: 10,
  longestText: 300,
  rewriteEvery: 4,
  vacuumEvery: 5,
});
const LAST = PLAN.length - 1;
/** This transaction is another connection's. */
const OTHERS = 3;

/** What fails, and how it may be told. */
export interface Sweep {
  readonly makeStorage: (name: string) => Storage;
  /** Puts the fault between this realm and its browser. @returns what takes it away */
  readonly install: (fault: OneFault) => () => void;
  readonly isExpected: (error: unknown) => boolean;
  /** Whether a transaction may be there although this call of its commit failed. */
  readonly mayStand?: (call: string) => boolean;
  /** Whether a connection has told that it is of no use any more. */
  readonly isFinal?: (error: unknown) => boolean;
  /** The first transaction is another connection's too, so that ours finds a database. */
  readonly made?: boolean;
  /** In the middle of the workload, before a transaction of ours. */
  readonly meanwhile?: () => void;
}

/** How a sweep went. */
export interface SweepOutcome {
  /** Calls that failed, one after the other. */
  readonly calls: number;
  /** Calls whose failure was reported. */
  readonly noticed: number;
  /** Calls whose failure was reported and whose transaction stands nevertheless. */
  readonly stood: number;
}

function mustBe(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

class Work {
  failures = 0;
  stood = 0;
  #last = -1;
  #attempts = 0;
  #opened: DurableDatabase | undefined;
  readonly #name: string = crypto.randomUUID();
  readonly #fault: OneFault;
  readonly #sweep: Sweep;

  constructor(fault: OneFault, sweep: Sweep) {
    this.#fault = fault;
    this.#sweep = sweep;
  }

  async run(): Promise<void> {
    while (this.#last < LAST) {
      if (this.#isOthers(this.#last + 1))
        await this.#fault.undisturbed(() => this.#another((other) => this.#commit(other)));
      else await this.#attempt(() => this.#mine());
    }
    const opened = this.#opened;
    this.#opened = undefined;
    await this.#attempt(async () => opened?.readTransaction(() => opened.close()));
    await this.#fault.undisturbed(() => this.#another((other) => this.#check(other)));
  }

  #isOthers(transaction: number): boolean {
    return transaction === OTHERS || (transaction === 0 && this.#sweep.made === true);
  }

  async #mine(): Promise<void> {
    this.#opened ??= await this.#open();
    if (this.#last === OTHERS) this.#sweep.meanwhile?.();
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
    const planned = PLAN[this.#last + 1] as PlannedTransaction;
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
    mustBe(await durable.readTransaction(() => faultOf(durable.database, PLAN, expectation)), undefined);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#sweep.isExpected(error)) throw error;
      // Only one call fails, so only one attempt may.
      mustBe(++this.failures, 1);
      if (this.#sweep.isFinal?.(error)) this.#opened = undefined;
      await this.#agree(this.#fault.struck ?? 'nothing');
    }
  }

  /** What was refused is not there, neither for this connection nor for another one. */
  async #agree(failedCall: string): Promise<void> {
    const opened = this.#opened;
    if (opened) {
      const last = await opened.readTransaction(() => lastTransaction(opened.database));
      if (last === this.#last + 1 && this.#sweep.mayStand?.(failedCall)) {
        this.stood++;
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
    // SQLite has ended the transaction by itself.
  }
}

/** Each call of the workload fails, one after the other. @throws Error that says which one did harm */
export async function sweepAll(sweep: Sweep): Promise<SweepOutcome> {
  let noticed = 0;
  let stood = 0;
  for (let call = 0; ; call++) {
    const fault = new OneFault(call);
    const work = new Work(fault, sweep);
    const takeAway = sweep.install(fault);
    try {
      await work.run();
    } catch (error) {
      throw new Error(`call ${call}, ${fault.struck ?? 'none'}: ${String(error)}`, { cause: error });
    } finally {
      takeAway();
    }
    if (fault.struck === undefined) return { calls: call, noticed, stood };
    noticed += work.failures;
    stood += work.stood;
  }
}
