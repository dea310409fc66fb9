/**
 * Every call on the file system fails once, under every operation: the promise is rejected with the right code, or the
 * queue tried again; what this process and another one read is the same, nothing is there twice, and the next try works.
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

/** What is saved, one operation after the other: a receipt, or a batch with a memory in it. */
const OPERATIONS: readonly { readonly name: string; readonly save: (db: Persistence) => Promise<unknown> }[] =
  [
    { name: 'a', save: (db) => db.saveReceipt(receiptOf('a')) },
    { name: 'b', save: (db) => db.record({ memories: [memoryOf('b')], receipts: [receiptOf('b')] }) },
    { name: 'c', save: (db) => db.record({ memories: [memoryOf('c')], receipts: [receiptOf('c')] }) },
  ];

/** The names of what was saved, oldest first; a memory that is there twice is named twice. */
async function savedIn(db: Persistence): Promise<string> {
  const receipts = (await db.queryReceipts()).map(({ executionId }) => executionId).toReversed();
  const memories = await db.queryMemory();
  return `${receipts.join(' ')}, ${memories.length} memories`;
}

const expectedAfter = (count: number): string =>
  `${OPERATIONS.slice(0, count)
    .map(({ name }) => name)
    .join(' ')}, ${Math.max(0, count - 1)} memories`;

function mustBe(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

class Work {
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
      const stood = this.uncertain;
      const result = await this.#attempt(() => save(db));
      if (result === undefined) {
        const count = done + this.uncertain - stood;
        mustBe(await savedIn(db), expectedAfter(count));
        await this.#agreesWith(count);
        if (count === done) await save(db);
      }
    }
    const saved = await this.#attempt(() => savedIn(db));
    mustBe(saved ?? (await savedIn(db)), expectedAfter(OPERATIONS.length));
    await this.#attempt(async () => {
      await db.close();
      return true;
    });
    const again = await this.#open(false);
    mustBe(await savedIn(again), expectedAfter(OPERATIONS.length));
    mustBe((await again.verify()).ok, true);
    await again.close();
  }

  async #agreesWith(count: number): Promise<void> {
    if (this.#sweep.exclusive) return;
    const other = await this.#open(false);
    mustBe(await savedIn(other), expectedAfter(count));
    await other.close();
  }

  /** @returns undefined when it was rejected, as it should be */
  async #attempt<Result>(operation: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof PersistenceError) || !this.#sweep.codes.includes(error.code)) throw error;
      mustBe(++this.failures, 1);
      if (/uncertain/.test(error.message)) this.uncertain++;
      return undefined;
    }
  }
}

async function sweepAll(sweep: Sweep): Promise<{ calls: number; failed: number; uncertain: number }> {
  let failed = 0;
  let uncertain = 0;
  for (let call = 0; ; call++) {
    const work = new Work(sweep, call);
    try {
      await work.run();
    } catch (error) {
      throw new Error(`call ${call}: ${(error as Error).message}`, { cause: error });
    }
    if (work.calls <= call) return { calls: call, failed, uncertain };
    failed += work.failures;
    uncertain += work.uncertain;
  }
}

const eio = {
  error: Object.assign(new Error('EIO'), { code: 'EIO' }),
  codes: ['IO_ERROR', 'INITIALIZATION_FAILED'],
};
const noRoom = {
  error: Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }),
  codes: ['DISK_FULL', 'IO_ERROR', 'INITIALIZATION_FAILED'],
};

describe.each([false, true])('exclusive: %s', (exclusive) => {
  it.each([
    { name: 'EIO, never tried again', ...eio, ioRetries: 0 },
    { name: 'EIO, tried again', ...eio, ioRetries: 1 },
    { name: 'ENOSPC', ...noRoom, ioRetries: 1 },
  ])('every call fails once: $name', async ({ error, codes, ioRetries }) => {
    const { calls, failed, uncertain } = await sweepAll({ error, codes, ioRetries, exclusive });
    expect(calls).toBeGreaterThan(100);
    expect(failed).toBeGreaterThan(20);
    // The last sync of each of the three commits, which trying again must not save twice.
    expect(uncertain).toBe(exclusive ? 0 : OPERATIONS.length);
  });
});
