/** One queue, group commit: few transactions for many saves, each failure its own, nothing resolved before it is durable. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { type Storage, memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { type StorageCall, countingStorage, observedStorage } from '@ggen-sim/sqljs-vfs/testing';
import { describe, expect, onTestFinished, it } from 'vitest';
import { DatabasePersistence } from '../../src/persistence/database-persistence.ts';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { type Persistence, type PersistenceError, type RetryPolicy } from '../../src/index.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/engine/retry.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { memoryOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { type TestDatabase, createTestDatabase } from '../support/test-database.ts';

/** A persistence over a storage of the test's own. */
async function persistenceOn(storage: Storage, retry: Partial<RetryPolicy> = {}): Promise<Persistence> {
  const connection = new SqliteConnection(await openDatabase(storage));
  await migrate(connection, new Date(), performance.now());
  const policy = { ...DEFAULT_RETRY_POLICY, ioRetryDelayMs: 1, ...retry };
  return new DatabasePersistence(connection, policy, () => new Date(), 'strict');
}

/** Fails the calls that a test picks. */
function failingStorage(storage: Storage): {
  storage: Storage;
  failOn: (match: (call: StorageCall) => boolean) => void;
} {
  let matches: (call: StorageCall) => boolean = () => false;
  return {
    storage: observedStorage(storage, (call) => {
      if (matches(call)) throw Object.assign(new Error('the cable is broken'), { code: 'EIO' });
    }),
    failOn: (match) => void (matches = match),
  };
}

const changeCounter = (place: TestDatabase): number => fs.readFileSync(place.file).readUInt32BE(24);

describe('few transactions', () => {
  it('a hundred saves at once are one commit', async () => {
    const place = createTestDatabase();
    const db = await place.open();
    const before = changeCounter(place);
    await Promise.all(upTo(100).map((n) => db.saveReceipt(receiptOf(`e-${n}`))));
    expect(changeCounter(place) - before).toBe(1);
  });

  it('saves that come while a commit runs share the next one', async () => {
    const place = createTestDatabase();
    const counted = countingStorage(fileStorage(place.file));
    const { storage, counts } = counted;
    const db = await persistenceOn(storage);
    await db.saveReceipt(receiptOf('alone'));
    counted.reset();
    await db.saveReceipt(receiptOf('measured'));
    const syncsOfOne = counts.calls.sync;
    counted.reset();
    const callers = upTo(8).map(async (caller) => {
      for (const n of upTo(10)) await db.saveReceipt(receiptOf(`${caller}-${n}`));
    });
    await Promise.all(callers);
    expect(syncsOfOne).toBeGreaterThan(1);
    // Eight callers with ten saves each: ten rounds, and a few more where the callers fall out of step.
    expect(counts.calls.sync / syncsOfOne).toBeLessThan(20);
    await db.close();
  });

  it('reads write nothing and sync nothing', async () => {
    const place = createTestDatabase();
    const counted = countingStorage(fileStorage(place.file));
    const { storage, counts } = counted;
    const db = await persistenceOn(storage);
    await db.saveReceipt(receiptOf('a'));
    counted.reset();
    await Promise.all([
      db.stats(),
      db.analytics(),
      db.queryReceipts(),
      db.queryMemory(),
      db.verify(),
      db.info(),
    ]);
    expect([counts.calls.write, counts.calls.sync, counts.calls.truncate]).toEqual([0, 0, 0]);
    await db.close();
  });
});

describe('each failure its own', () => {
  it('of a hundred saves at once, only the duplicates are refused', async () => {
    const place = createTestDatabase();
    const db = await place.open();
    const outcomes = await Promise.allSettled(upTo(100).map((n) => db.saveReceipt(receiptOf(`e-${n % 60}`))));
    const failed = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : []));
    expect(failed).toEqual(upTo(40).map((n) => n + 60));
    expect((await db.stats()).receiptsTotal).toBe(60);
  });

  it('a batch that fails takes back its own rows only', async () => {
    const place = createTestDatabase();
    const db = await place.open();
    const outcomes = await Promise.allSettled([
      db.saveReceipt(receiptOf('before')),
      db.record({
        memories: [memoryOf('taken-back')],
        receipts: [receiptOf('taken-back'), receiptOf('before')],
      }),
      db.saveReceipt(receiptOf('after')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['after', 'before']);
    expect(await db.queryMemory()).toEqual([]);
  });
});

describe('nothing resolves before it is durable', () => {
  it('a storage whose sync fails rejects every save of the group, with the cause, and nothing is there', async () => {
    const place = createTestDatabase();
    const { storage, failOn } = failingStorage(fileStorage(place.file));
    const db = await persistenceOn(storage, { ioRetries: 2 });
    await db.saveReceipt(receiptOf('before'));
    failOn(({ verb }) => verb === 'sync');
    const outcomes = await Promise.allSettled(upTo(3).map((n) => db.saveReceipt(receiptOf(`e-${n}`))));
    for (const outcome of outcomes) {
      const { code, cause } = (outcome as PromiseRejectedResult).reason as PersistenceError;
      expect(code).toBe('IO_ERROR');
      expect((cause as Error).cause).toMatchObject({ code: 'EIO' });
    }
    failOn(() => false);
    expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['before']);
    await db.saveReceipt(receiptOf('after'));
    expect((await db.verify()).ok).toBe(true);
    await db.close();
  });

  it('a transient failure is tried again as often as the policy says, and no more', async () => {
    const { storage, failOn } = failingStorage(memoryStorage());
    const db = await persistenceOn(storage, { ioRetries: 3 });
    const failTimes = (times: number): (() => number) => {
      let failures = 0;
      failOn(({ verb, role }) => verb === 'write' && role === 'main' && failures++ < times);
      return () => failures;
    };
    failTimes(3);
    await db.saveReceipt(receiptOf('at the last try'));
    const failures = failTimes(1000);
    expect(await rejectionOf(db.saveReceipt(receiptOf('never')))).toMatchObject({ code: 'IO_ERROR' });
    expect(failures()).toBeGreaterThanOrEqual(4);
    failOn(() => false);
    expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['at the last try']);
    await db.close();
  });

  it('a save that is durable does not fail because of what comes after it', async () => {
    const { storage, failOn } = failingStorage(memoryStorage());
    const db = await persistenceOn(storage);
    db.subscribe(() => undefined);
    // The look at the header that tells listeners the commit's version.
    failOn(({ verb, sizeBytes }) => verb === 'read' && sizeBytes === 100);
    expect((await db.saveReceipt(receiptOf('a'))).created).toBe(true);
    failOn(() => false);
    expect((await db.stats()).receiptsTotal).toBe(1);
    await db.close();
  });

  it('a failure to read is retried and reported as well', async () => {
    const { storage, failOn } = failingStorage(memoryStorage());
    const db = await persistenceOn(storage, { ioRetries: 1 });
    let locks = 0;
    failOn(({ verb }) => verb === 'lock' && locks++ < 1);
    expect((await db.stats()).receiptsTotal).toBe(0);
    failOn(({ verb }) => verb === 'lock');
    expect(await rejectionOf(db.stats())).toMatchObject({ code: 'IO_ERROR', operation: 'stats' });
    failOn(() => false);
    await db.close();
  });
});

describe('while native SQLite holds the database', () => {
  /** Native `sqlite3` inside a write transaction, until it is told to end. */
  async function holdByNative(place: TestDatabase): Promise<() => Promise<void>> {
    const holder = spawn('sqlite3', ['-batch', place.file], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void holder.kill());
    const ended = new Promise<void>((resolve) => {
      holder.on('close', () => resolve());
    });
    holder.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
    await new Promise<void>((resolve) => {
      holder.stdout.once('data', () => resolve());
    });
    return () => {
      holder.stdin.end('ROLLBACK;\n');
      return ended;
    };
  }

  it('saves wait without blocking the event loop, and succeed after it', async () => {
    const place = createTestDatabase();
    const db = await place.open();
    const release = await holdByNative(place);
    let settled = false;
    const save = db.saveReceipt(receiptOf('waiting')).finally(() => void (settled = true));
    // Each turn is a timer that fired: the event loop is free.
    for (const _turn of upTo(30)) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(settled).toBe(false);
    await release();
    expect((await save).created).toBe(true);
  });

  it('saves and reads are refused with DATABASE_LOCKED after the deadline, and work afterwards', async () => {
    const place = createTestDatabase();
    const db = await place.open({ retry: { busyDeadlineMs: 60 } });
    const release = await holdByNative(place);
    for (const call of [
      () => db.saveReceipt(receiptOf('a')),
      () => db.stats(),
      () => db.reset(),
      () => db.cleanup(),
    ]) {
      const error = await rejectionOf(call());
      expect(error).toMatchObject({ code: 'DATABASE_LOCKED' });
      expect(error.message).toMatch(/^Database locked/);
    }
    expect(await rejectionOf(place.open({ retry: { busyDeadlineMs: 30 } }))).toMatchObject({
      code: 'DATABASE_LOCKED',
    });
    await release();
    await db.saveReceipt(receiptOf('a'));
    expect((await db.stats()).receiptsTotal).toBe(1);
  });

  it('an exclusive owner keeps everyone out until it closes, and is kept out itself', async () => {
    const place = createTestDatabase();
    const owner = await place.open({ exclusive: true });
    await owner.saveReceipt(receiptOf('a'));
    expect(await rejectionOf(place.open({ retry: { busyDeadlineMs: 30 } }))).toMatchObject({
      code: 'DATABASE_LOCKED',
    });
    expect(() => place.native('SELECT count(*) FROM receipts')).toThrow(/locked/);
    const waiting = place.open();
    await owner.close();
    expect((await (await waiting).stats()).receiptsTotal).toBe(1);
    expect(
      await rejectionOf(place.open({ exclusive: true, retry: { busyDeadlineMs: 30 } })).catch(
        (e: Error) => e,
      ),
    ).toBeDefined();
  });
});
