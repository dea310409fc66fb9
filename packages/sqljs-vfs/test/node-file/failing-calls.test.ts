/**
 * Every call that a workload makes on its storage fails once. The statement that met it fails with the right code or
 * is done; memory and a second connection agree on which; and the next attempt works. What failed is not there, but for
 * one call of a commit: the last sync, after the journal was emptied, comes when SQLite cannot take anything back.
 */
import { describe, expect, it } from 'vitest';
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

/** What fails, and how it is told. */
interface Fault {
  readonly name: string;
  readonly error: Error;
  /** SQLite's result codes for it; a storage that cannot be opened at all is `CANNOT_OPEN` whatever the reason. */
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

/** A place whose calls fail as its observer likes, and which others reach undisturbed. */
interface FaultyPlace {
  failing(observe: (call: unknown) => void): Storage;
  undisturbed(): Storage;
}

const fileSystemCalls = (): FaultyPlace => {
  const disk = new SimulatedDisk();
  return {
    failing: (observe) =>
      fileStorage(PATH, {
        fileSystem: observedFileSystem(disk.process().fileSystem, observe),
        rangeLocks: disk.locks.ranges,
      }),
    undisturbed: () => disk.process().storage(PATH),
  };
};

const memoryCalls = (): FaultyPlace => {
  const disk = new MemoryDisk();
  return {
    failing: (observe) => observedStorage(memoryStorage(disk), observe),
    undisturbed: () => memoryStorage(disk),
  };
};

const lockCalls = (): FaultyPlace => {
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
    undisturbed: () => disk.process().storage(PATH),
  };
};

interface Sweep {
  readonly makeHarness: () => FaultyPlace;
  readonly options: OpenDatabaseOptions;
  readonly isExpected: (error: unknown) => boolean;
  readonly error: Error;
}

/** The workload with its k-th call failing. @returns whether there was such a call, who noticed, what stood all the same */
async function withCallFailing(
  sweep: Sweep,
  failingCall: number,
): Promise<{ reached: boolean; noticed: boolean; stood: boolean }> {
  const place = sweep.makeHarness();
  let calls = 0;
  let failedCall = '';
  const makeStorage = (): Storage =>
    place.failing((call) => {
      if (calls++ !== failingCall) return;
      failedCall = JSON.stringify(call);
      throw sweep.error;
    });
  const work = new Work(place, makeStorage, sweep);
  while (work.last < LAST) await work.next();
  await work.end();
  if (work.stood) mustBe(/^"fdatasyncSync"$|"sync","role":"journal"/.test(failedCall), true);
  return { reached: calls > failingCall, noticed: work.failures > 0, stood: work.stood };
}

function mustBe(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

class Work {
  last = -1;
  failures = 0;
  /** A commit that was reported as failed is there nevertheless. */
  stood = false;
  #opened: DurableDatabase | undefined;
  #attempts = 0;
  readonly #harness: FaultyPlace;
  readonly #makeStorage: () => Storage;
  readonly #sweep: Sweep;

  constructor(place: FaultyPlace, makeStorage: () => Storage, sweep: Sweep) {
    this.#harness = place;
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
    // Only one call fails, so only one attempt may.
    mustBe(++this.failures, 1);
  }

  /** What was refused is not there, neither for this connection nor for another one. */
  async #agree(): Promise<void> {
    let expectation = { promised: this.last, begun: this.last };
    if (this.#opened) {
      try {
        this.#opened.database.exec('ROLLBACK');
      } catch {
        // SQLite has ended the transaction by itself.
      }
      this.stood = lastTransaction(this.#opened.database) === this.last + 1;
      if (this.stood) this.last++;
      expectation = { promised: this.last, begun: this.last };
      mustBe(faultOf(this.#opened.database, PLAN, expectation), undefined);
    }
    if (this.#opened && this.#sweep.options.exclusive) return;
    const other = await openDatabase(this.#harness.undisturbed(), {
      ...this.#sweep.options,
      busyDeadlineMs: 0,
    });
    mustBe(faultOf(other.database, PLAN, expectation), undefined);
    other.close();
  }

  async end(): Promise<void> {
    try {
      this.#opened?.close();
    } catch (error) {
      this.#failed(error);
    }
    const again = await openDatabase(this.#harness.undisturbed(), {
      ...this.#sweep.options,
      busyDeadlineMs: 0,
    });
    mustBe(faultOf(again.database, PLAN, { promised: LAST, begun: LAST }), undefined);
    mustBe(lastTransaction(again.database), LAST);
    again.close();
  }
}

/** Each call of the workload, one after the other. */
async function sweepAll(sweep: Sweep): Promise<{ calls: number; noticed: number; stood: number }> {
  let noticed = 0;
  let stood = 0;
  for (let call = 0; ; call++) {
    try {
      const outcome = await withCallFailing(sweep, call);
      if (!outcome.reached) return { calls: call, noticed, stood };
      if (outcome.noticed) noticed++;
      if (outcome.stood) stood++;
    } catch (error) {
      throw new Error(`call ${call}: ${(error as Error).message}`, { cause: error });
    }
  }
}

const tells =
  (resultCodes: readonly number[]) =>
  (error: unknown): boolean =>
    error instanceof SqliteError
      ? resultCodes.includes(error.resultCode & 0xff)
      : error instanceof VfsError && error.code === 'CANNOT_OPEN';

const PLACES = [
  { place: 'file', makeHarness: fileSystemCalls, options: {} },
  { place: 'exclusive file', makeHarness: fileSystemCalls, options: { exclusive: true } },
  { place: 'memory', makeHarness: memoryCalls, options: {} },
] as const;

describe.each(PLACES)('$place', ({ makeHarness, options }) => {
  it.each(FAULTS)('every call fails once with $name', async ({ error, resultCodes }) => {
    const { calls, noticed, stood } = await sweepAll({
      makeHarness,
      options,
      error,
      isExpected: tells(resultCodes),
    });
    expect(calls).toBeGreaterThan(100);
    expect(noticed).toBeGreaterThan(calls / 2);
    // A log has no such moment: a frame is part of it once it is synced, and not before.
    expect(stood).toBe('exclusive' in options ? 0 : PLAN.length);
  });
});

it.each([{}, { exclusive: true }])('every lock is refused once, with %o', async (options) => {
  const { calls, noticed } = await sweepAll({
    makeHarness: lockCalls,
    options,
    error: new Error('refused'),
    isExpected: tells([BUSY]),
  });
  expect(calls).toBeGreaterThan(options.exclusive ? 3 : 20);
  expect(noticed).toBeGreaterThan(calls / 2);
});
