/**
 * Every call that a workload makes on its storage fails once. The statement then either fails with the right code or
 * succeeds. This connection and a second one agree on the outcome, and the next attempt works. A failed transaction is
 * not stored, with one exception: the last sync of a commit comes after the journal was emptied, when SQLite can no
 * longer roll back.
 */
import { expect, it } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import {
  type DurableDatabase,
  MemoryDisk,
  type OpenDatabaseOptions,
  SqliteError,
  type Storage,
  VfsError,
  memoryStorage,
  openDatabase,
} from '../../src/index.ts';
import { SimulatedDisk, observedFileSystem, refusingLocks } from '../../../../tests/crash/file/index.node.ts';
import { observedStorage } from '../../src/testing/index.ts';
import {
  type PlannedTransaction,
  faultOf,
  lastTransaction,
  planTransactions,
  runTransaction,
} from '../../../../tests/crash/crash-workload.ts';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';

const PATH = '/data/data.db';
const PLAN = planTransactions(new SeededRandom(1), {
  transactions: 4,
  rows: 20,
  longestText: 400,
  rewriteEvery: 3,
  vacuumEvery: 4,
});
const LAST = PLAN.length - 1;
const NO_ROOM = 13;
const BUSY = 5;
const IO_ERROR = 10;
const CANNOT_OPEN = 14;

const KEY = new Uint8Array(32).fill(7);

/** The error of a failing call, and its expected result codes. */
interface Fault {
  readonly name: string;
  readonly error: Error;
  /** SQLite's result codes for the error. A storage that cannot be opened gives `CANNOT_OPEN` for every error. */
  readonly resultCodes: readonly number[];
}

const fault = (code: string, resultCodes: readonly number[]): Fault => ({
  name: code,
  error: Object.assign(new Error(code), { code }),
  resultCodes,
});
const FAULTS: readonly Fault[] = [
  fault('ENOSPC', [NO_ROOM, IO_ERROR]),
  fault('EIO', [IO_ERROR, CANNOT_OPEN]),
  fault('EACCES', [IO_ERROR, CANNOT_OPEN]),
  {
    name: 'QuotaExceededError',
    error: Object.assign(new Error('quota'), { name: 'QuotaExceededError' }),
    resultCodes: [NO_ROOM, IO_ERROR],
  },
];

/** The content of one database, on storages with failing calls and on intact ones. */
interface FaultyHarness {
  /** Makes a storage that fails the calls in which `observe` throws. */
  failing(observe: (call: unknown) => void): Storage;
  intact(): Storage;
}

const fileSystemCalls = (): FaultyHarness => {
  const disk = new SimulatedDisk();
  return {
    failing: (observe) =>
      fileStorage(PATH, {
        fileSystem: observedFileSystem(disk.process().fileSystem, observe),
        rangeLocks: disk.locks.ranges,
      }),
    intact: () => disk.process().storage(PATH),
  };
};

const memoryCalls = (): FaultyHarness => {
  const disk = new MemoryDisk();
  return {
    failing: (observe) => observedStorage(memoryStorage(disk), observe),
    intact: () => memoryStorage(disk),
  };
};

const lockCalls = (): FaultyHarness => {
  const disk = new SimulatedDisk();
  return {
    failing: (observe) => {
      const refuse = (): boolean => {
        try {
          observe('lock');
          return false;
        } catch {
          return true;
        }
      };
      const { fileSystem } = disk.process();
      return fileStorage(PATH, { fileSystem, rangeLocks: refusingLocks(disk.locks.ranges, refuse) });
    },
    intact: () => disk.process().storage(PATH),
  };
};

interface Sweep {
  readonly makeHarness: () => FaultyHarness;
  readonly options: OpenDatabaseOptions;
  readonly isExpected: (error: unknown) => boolean;
  readonly error: Error;
}

/** Result of a workload in which one call fails. */
interface SweepOutcome {
  /** True when the workload makes that many calls. */
  readonly reached: boolean;
  /** True when a statement, the opening or the closing failed. */
  readonly noticed: boolean;
  /** True when a transaction that was reported as failed is stored. */
  readonly stored: boolean;
}

/** Runs the workload with one failing call. */
async function withCallFailing(sweep: Sweep, failingCall: number): Promise<SweepOutcome> {
  const harness = sweep.makeHarness();
  let calls = 0;
  let failedCall = '';
  const makeStorage = (): Storage =>
    harness.failing((call) => {
      if (calls++ !== failingCall) return;
      failedCall = JSON.stringify(call);
      throw sweep.error;
    });
  const workload = new Workload(harness, makeStorage, sweep);
  while (workload.last < LAST) await workload.next();
  await workload.end();
  if (workload.stored) assertIs(/^"fdatasyncSync"$|"sync","role":"journal"/.test(failedCall), true);
  return { reached: calls > failingCall, noticed: workload.failures > 0, stored: workload.stored };
}

function assertIs(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

class Workload {
  last = -1;
  failures = 0;
  /** True when a commit that was reported as failed is stored. */
  stored = false;
  #opened: DurableDatabase | undefined;
  #attempts = 0;
  readonly #harness: FaultyHarness;
  readonly #makeStorage: () => Storage;
  readonly #sweep: Sweep;

  constructor(harness: FaultyHarness, makeStorage: () => Storage, sweep: Sweep) {
    this.#harness = harness;
    this.#makeStorage = makeStorage;
    this.#sweep = sweep;
  }

  /** Tries the next transaction of the plan. */
  async next(): Promise<void> {
    const planned = PLAN[this.last + 1] as PlannedTransaction;
    try {
      this.#opened ??= await openDatabase(this.#makeStorage(), { ...this.#sweep.options, busyDeadlineMs: 0 });
      this.#opened.database.exec('PRAGMA cache_size=5');
      runTransaction(this.#opened.database, planned, this.#attempts++);
      this.last = planned.number;
    } catch (error) {
      this.#failed(error);
      await this.#agree();
    }
  }

  #failed(error: unknown): void {
    if (!this.#sweep.isExpected(error)) throw error;
    // One call fails, so at most one attempt fails.
    assertIs(++this.failures, 1);
  }

  /** Checks that this connection and another one agree on the failed transaction. */
  async #agree(): Promise<void> {
    let expectation = { promised: this.last, begun: this.last };
    if (this.#opened) {
      try {
        this.#opened.database.exec('ROLLBACK');
      } catch {
        // SQLite has already ended the transaction.
      }
      this.stored = lastTransaction(this.#opened.database) === this.last + 1;
      if (this.stored) this.last++;
      expectation = { promised: this.last, begun: this.last };
      assertIs(faultOf(this.#opened.database, PLAN, expectation), undefined);
    }
    if (this.#opened && this.#sweep.options.exclusive) return;
    const other = await openDatabase(this.#harness.intact(), {
      ...this.#sweep.options,
      busyDeadlineMs: 0,
    });
    assertIs(faultOf(other.database, PLAN, expectation), undefined);
    other.close();
  }

  async end(): Promise<void> {
    try {
      this.#opened?.close();
    } catch (error) {
      this.#failed(error);
    }
    const again = await openDatabase(this.#harness.intact(), {
      ...this.#sweep.options,
      busyDeadlineMs: 0,
    });
    assertIs(faultOf(again.database, PLAN, { promised: LAST, begun: LAST }), undefined);
    assertIs(lastTransaction(again.database), LAST);
    again.close();
  }
}

/** Runs the workload once per call, with that call failing. @param step - fails each n-th call only */
async function sweepAll(
  sweep: Sweep,
  step: number = 1,
): Promise<{ calls: number; runs: number; noticed: number; stored: number }> {
  let runs = 0;
  let noticed = 0;
  let stored = 0;
  for (let call = 0; ; call += step) {
    try {
      const outcome = await withCallFailing(sweep, call);
      if (!outcome.reached) return { calls: call, runs, noticed, stored };
      runs++;
      if (outcome.noticed) noticed++;
      if (outcome.stored) stored++;
    } catch (error) {
      throw new Error(`call ${call}: ${(error as Error).message}`, { cause: error });
    }
  }
}

const failsWith =
  (resultCodes: readonly number[]) =>
  (error: unknown): boolean =>
    error instanceof SqliteError
      ? resultCodes.includes(error.resultCode & 0xff)
      : error instanceof VfsError && error.code === 'CANNOT_OPEN';

interface Harness {
  readonly storage: string;
  readonly makeHarness: () => FaultyHarness;
  readonly options: OpenDatabaseOptions;
}

const HARNESSES: readonly Harness[] = [
  { storage: 'file', makeHarness: fileSystemCalls, options: {} },
  { storage: 'exclusive file', makeHarness: fileSystemCalls, options: { exclusive: true } },
  { storage: 'memory', makeHarness: memoryCalls, options: {} },
  { storage: 'encrypted file', makeHarness: fileSystemCalls, options: { key: KEY } },
  {
    storage: 'encrypted exclusive file',
    makeHarness: fileSystemCalls,
    options: { exclusive: true, key: KEY },
  },
];

/**
 * Every call fails with SWEEP=all. Without it, every call fails with the most general error, and each seventh with the others
 * and beneath encryption, which takes its place between SQLite and these calls.
 */
function stepOf({ options }: Harness, name: string): number {
  if (process.env['SWEEP'] === 'all') return 1;
  return name === 'EIO' && options.key === undefined ? 1 : 7;
}

const SWEEPS = HARNESSES.flatMap((harness) =>
  // Beneath encryption: one fault that fills the disk, and one that does not.
  (harness.options.key ? FAULTS.slice(0, 2) : FAULTS).map((each) => ({
    storage: harness.storage,
    name: each.name,
    harness,
    fault: each,
  })),
);

it.each(SWEEPS)(
  '$storage: calls fail once with $name',
  async ({ harness, fault: { name, error, resultCodes } }) => {
    const { makeHarness, options } = harness;
    const step = stepOf(harness, name);
    const sweep = { makeHarness, options, error, isExpected: failsWith(resultCodes) };
    const { calls, runs, noticed, stored } = await sweepAll(sweep, step);
    expect(calls).toBeGreaterThan(100);
    expect(noticed).toBeGreaterThan(runs / 2);
    // A log has no such exception: its frames count only once they are synced.
    if (options.exclusive) expect(stored).toBe(0);
    else if (step === 1) expect(stored).toBe(PLAN.length);
    else expect(stored).toBeLessThanOrEqual(PLAN.length);
  },
);

it.each<readonly [string, OpenDatabaseOptions]>([
  ['a shared file', {}],
  ['an exclusive file', { exclusive: true }],
  ['an encrypted file', { key: KEY }],
])('every lock of %s is refused once', async (_, options) => {
  const { calls, noticed } = await sweepAll({
    makeHarness: lockCalls,
    options,
    error: new Error('refused'),
    isExpected: failsWith([BUSY]),
  });
  expect(calls).toBeGreaterThan(options.exclusive ? 3 : 20);
  expect(noticed).toBeGreaterThan(calls / 2);
});
