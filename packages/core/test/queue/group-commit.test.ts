/** Group commit: few transactions for many saves, separate failures, and no promise resolved before it is durable. */
import fs from 'node:fs';
import { type Storage, memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { type StorageCall, countingStorage, observedStorage } from '@ggen-sim/sqljs-vfs/testing';
import { describe, expect, it } from 'vitest';
import { DatabasePersistence } from '../../src/persistence/database-persistence.ts';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { type Persistence, type PersistenceError, type RetryPolicy } from '../../src/index.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/engine/retry.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { memoryOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { lockByNative } from '../support/native-lock.ts';
import { type TestDatabase, createTestDatabase } from '../support/test-database.ts';

/** Opens a persistence on a storage that the test made. */
async function persistenceOn(storage: Storage, retry: Partial<RetryPolicy> = {}): Promise<Persistence> {
  const connection = new SqliteConnection(await openDatabase(storage));
  await migrate(connection, new Date(), performance.now());
  const policy = { ...DEFAULT_RETRY_POLICY, ioRetryDelayMs: 1, ...retry };
  return new DatabasePersistence(connection, policy, () => new Date(), 'strict');
}

/** Makes a storage whose calls fail where the test says so. */
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

const changeCounter = (fixture: TestDatabase): number => fs.readFileSync(fixture.file).readUInt32BE(24);

describe('few transactions for many saves', () => {
  it('commits a hundred concurrent saves at once', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const before = changeCounter(fixture);
    await Promise.all(upTo(100).map((n) => db.saveReceipt(receiptOf(`e-${n}`))));
    expect(changeCounter(fixture) - before).toBe(1);
  });

  it('commits saves that arrive during a commit together in the next one', async () => {
    const fixture = createTestDatabase();
    const counted = countingStorage(fileStorage(fixture.file));
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
    // Eight callers with ten saves each take ten rounds, and a few more when the callers get out of step.
    expect(counts.calls.sync / syncsOfOne).toBeLessThan(20);
    await db.close();
  });

  it('reads without writing or syncing', async () => {
    const fixture = createTestDatabase();
    const counted = countingStorage(fileStorage(fixture.file));
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

describe('separate failures', () => {
  it('refuses only the duplicates among a hundred concurrent saves', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const outcomes = await Promise.allSettled(upTo(100).map((n) => db.saveReceipt(receiptOf(`e-${n % 60}`))));
    const failed = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : []));
    expect(failed).toEqual(upTo(40).map((n) => n + 60));
    expect((await db.stats()).receiptsTotal).toBe(60);
  });

  it('rolls back only the rows of a failed batch', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const outcomes = await Promise.allSettled([
      db.saveReceipt(receiptOf('before')),
      db.record({
        memories: [memoryOf('rolled-back')],
        receipts: [receiptOf('rolled-back'), receiptOf('before')],
      }),
      db.saveReceipt(receiptOf('after')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['after', 'before']);
    expect(await db.queryMemory()).toEqual([]);
  });
});

describe('durability and retries', () => {
  it('rejects every save of the group with the cause when a sync fails, and stores none of them', async () => {
    const fixture = createTestDatabase();
    const { storage, failOn } = failingStorage(fileStorage(fixture.file));
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

  it('retries a transient failure as often as the policy says, and no more', async () => {
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

  it('resolves a durable save although a later step fails', async () => {
    const { storage, failOn } = failingStorage(memoryStorage());
    const db = await persistenceOn(storage);
    db.subscribe(() => undefined);
    // The read of the header that gives subscribers the commit's version.
    failOn(({ verb, sizeBytes }) => verb === 'read' && sizeBytes === 100);
    expect((await db.saveReceipt(receiptOf('a'))).created).toBe(true);
    failOn(() => false);
    expect((await db.stats()).receiptsTotal).toBe(1);
    await db.close();
  });

  it('retries and reports a failed read as well', async () => {
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
  it('waits without blocking the event loop, and then saves', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const release = await lockByNative(fixture.file);
    let settled = false;
    const save = db.saveReceipt(receiptOf('waiting')).finally(() => void (settled = true));
    // Every timer that fires shows that the event loop is free.
    for (const _timer of upTo(30)) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(settled).toBe(false);
    await release();
    expect((await save).created).toBe(true);
  });

  it('refuses saves and reads with DATABASE_LOCKED after the deadline, and works afterwards', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open({ retry: { busyDeadlineMs: 60 } });
    const release = await lockByNative(fixture.file);
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
    expect(await rejectionOf(fixture.open({ retry: { busyDeadlineMs: 30 } }))).toMatchObject({
      code: 'DATABASE_LOCKED',
    });
    await release();
    await db.saveReceipt(receiptOf('a'));
    expect((await db.stats()).receiptsTotal).toBe(1);
  });

  it('lets an exclusive connection lock out all others until it closes, and locks it out likewise', async () => {
    const fixture = createTestDatabase();
    const owner = await fixture.open({ exclusive: true });
    await owner.saveReceipt(receiptOf('a'));
    expect(await rejectionOf(fixture.open({ retry: { busyDeadlineMs: 30 } }))).toMatchObject({
      code: 'DATABASE_LOCKED',
    });
    expect(() => fixture.native('SELECT count(*) FROM receipts')).toThrow(/locked/);
    const waiting = fixture.open();
    await owner.close();
    expect((await (await waiting).stats()).receiptsTotal).toBe(1);
    expect(
      await rejectionOf(fixture.open({ exclusive: true, retry: { busyDeadlineMs: 30 } })).catch(
        (e: Error) => e,
      ),
    ).toBeDefined();
  });
});
