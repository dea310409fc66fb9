/**
 * Every call on the file system fails once, under every operation. The promise is rejected with the right code, or the
 * queue has retried. This process and another one then read the same rows, no row is stored twice, and the next try
 * works.
 */
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { SimulatedDisk, observedFileSystem } from '../../../../tests/crash/file/index.node.ts';
import { describe, expect, it } from 'vitest';
import { type Persistence, PersistenceError } from '../../src/index.ts';
import { openOnStorage } from '../../src/persistence/open-in-process.ts';
import { memoryOf, receiptOf } from '../../src/testing/persistence-case.ts';

const PATH = '/data/ggen.db';

interface Sweep {
  readonly error: Error;
  readonly codes: readonly string[];
  readonly ioRetries: number;
  readonly exclusive: boolean;
}

/** Operations, run one after the other: a receipt, or a batch with a memory. */
const OPERATIONS: readonly { readonly name: string; readonly save: (db: Persistence) => Promise<unknown> }[] =
  [
    { name: 'a', save: (db) => db.saveReceipt(receiptOf('a')) },
    { name: 'b', save: (db) => db.record({ memories: [memoryOf('b')], receipts: [receiptOf('b')] }) },
    { name: 'c', save: (db) => db.record({ memories: [memoryOf('c')], receipts: [receiptOf('c')] }) },
  ];

/** Describes the stored rows, oldest first; a row stored twice appears twice. */
async function savedIn(db: Persistence): Promise<string> {
  const receipts = (await db.queryReceipts()).map(({ executionId }) => executionId).toReversed();
  const memories = await db.queryMemory();
  return `${receipts.join(' ')}, ${memories.length} memories`;
}

const expectedAfter = (count: number): string =>
  `${OPERATIONS.slice(0, count)
    .map(({ name }) => name)
    .join(' ')}, ${Math.max(0, count - 1)} memories`;

function assertEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

/** One run of all operations, in which one call on the file system fails. */
class Run {
  failures = 0;
  uncertain = 0;
  calls = 0;
  readonly #disk = new SimulatedDisk();
  readonly #sweep: Sweep;
  readonly #failingCall: number;

  constructor(sweep: Sweep, failingCall: number) {
    this.#sweep = sweep;
    this.#failingCall = failingCall;
  }

  #open(failing: boolean): Promise<Persistence> {
    const { fileSystem } = this.#disk.process();
    const observe = (): void => {
      if (failing && this.calls++ === this.#failingCall) throw this.#sweep.error;
    };
    const makeStorage = (): ReturnType<typeof fileStorage> =>
      fileStorage(PATH, {
        fileSystem: observedFileSystem(fileSystem, observe),
        rangeLocks: this.#disk.locks.ranges,
      });
    const { ioRetries, exclusive } = this.#sweep;
    const retry = { ioRetries, ioRetryDelayMs: 0, busyDeadlineMs: 0 };
    return openOnStorage(makeStorage, { storage: 'file', path: PATH, exclusive, retry });
  }

  async run(): Promise<void> {
    const db = (await this.#attempt(() => this.#open(true))) ?? (await this.#open(true));
    for (const [done, { save }] of OPERATIONS.entries()) {
      const uncertainBefore = this.uncertain;
      const result = await this.#attempt(() => save(db));
      if (result === undefined) {
        const count = done + this.uncertain - uncertainBefore;
        assertEqual(await savedIn(db), expectedAfter(count));
        await this.#assertOtherProcessReads(count);
        if (count === done) await save(db);
      }
    }
    const saved = await this.#attempt(() => savedIn(db));
    assertEqual(saved ?? (await savedIn(db)), expectedAfter(OPERATIONS.length));
    await this.#attempt(async () => {
      await db.close();
      return true;
    });
    const again = await this.#open(false);
    assertEqual(await savedIn(again), expectedAfter(OPERATIONS.length));
    assertEqual((await again.verify()).ok, true);
    await again.close();
  }

  async #assertOtherProcessReads(count: number): Promise<void> {
    if (this.#sweep.exclusive) return;
    const other = await this.#open(false);
    assertEqual(await savedIn(other), expectedAfter(count));
    await other.close();
  }

  /** Runs an operation. @returns undefined when it was rejected with an expected code */
  async #attempt<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof PersistenceError) || !this.#sweep.codes.includes(error.code)) throw error;
      assertEqual(++this.failures, 1);
      if (/uncertain/.test(error.message)) this.uncertain++;
      return undefined;
    }
  }
}

/** Runs the operations once per call, with that call failing. @param step - fails each n-th call only */
async function sweepAll(
  sweep: Sweep,
  step: number,
): Promise<{ calls: number; failed: number; uncertain: number }> {
  let failed = 0;
  let uncertain = 0;
  for (let call = 0; ; call += step) {
    const run = new Run(sweep, call);
    try {
      await run.run();
    } catch (error) {
      throw new Error(`call ${call}: ${(error as Error).message}`, { cause: error });
    }
    if (run.calls <= call) return { calls: call, failed, uncertain };
    failed += run.failures;
    uncertain += run.uncertain;
  }
}

const eio = {
  error: Object.assign(new Error('EIO'), { code: 'EIO' }),
  codes: ['IO_ERROR', 'INITIALIZATION_FAILED'],
};
const diskFull = {
  error: Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }),
  codes: ['DISK_FULL', 'IO_ERROR', 'INITIALIZATION_FAILED'],
};

/** Each fifth call fails where operations are tried again, and each with SWEEP=all. */
const RETRIED_STEP = process.env['SWEEP'] === 'all' ? 1 : 5;

describe.each([false, true])('exclusive: %s', (exclusive) => {
  it.each([
    { name: 'EIO, without retries', ...eio, ioRetries: 0 },
    { name: 'EIO, with one retry', ...eio, ioRetries: 1 },
    { name: 'ENOSPC, with one retry', ...diskFull, ioRetries: 1 },
  ])('survives failing calls: $name', async ({ error, codes, ioRetries }) => {
    const step = ioRetries === 0 ? 1 : RETRIED_STEP;
    const { calls, failed, uncertain } = await sweepAll({ error, codes, ioRetries, exclusive }, step);
    expect(calls).toBeGreaterThan(100);
    expect(failed).toBeGreaterThan(20 / step);
    // The last sync of each of the three commits: a retry would save twice.
    const uncertainCalls = exclusive ? 0 : OPERATIONS.length;
    if (step === 1) expect(uncertain).toBe(uncertainCalls);
    else expect(uncertain).toBeLessThanOrEqual(uncertainCalls);
  });
});
