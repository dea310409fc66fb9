/** An abort ends the waiting of an operation: for another program's lock, and for its turn. */
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { LongOperationOptions, Persistence } from '../../src/index.ts';
import { receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { untilAborted } from '../../src/validation/abort.ts';
import { lockByNative } from '../support/native-lock.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** Longer than a test may take: only the abort ends the wait. */
const BUSY_DEADLINE_MS = 3_600_000;

/** Lets an operation get as far as the lock. One that is slower is aborted before, which must end it as well. */
const TIME_TO_THE_LOCK_MS = 1000;

type Operation = (db: Persistence, options: LongOperationOptions, backup: string) => Promise<unknown>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  cleanup: (db, options) => db.cleanup({ ...options, days: 0 }),
  'cleanup, dry run': (db, options) => db.cleanup({ ...options, days: 0, dryRun: true }),
  verify: (db, options) => db.verify(options),
  exportBackup: (db, options, backup) => db.exportBackup({ ...options, directory: `${backup}-2` }),
  'restoreBackup from the image': (db, options, backup) =>
    db.restoreBackup({ ...options, directory: backup, force: true, from: 'image' }),
  'restoreBackup from JSON': (db, options, backup) =>
    db.restoreBackup({ ...options, directory: backup, force: true, from: 'json' }),
};

it.each(Object.entries(OPERATIONS))('an abort ends the wait for a lock: %s', async (_, operation) => {
  const fixture = createTestDatabase();
  const backup = fixture.path('backup');
  const db = await fixture.open({ retry: { busyDeadlineMs: BUSY_DEADLINE_MS } });
  await db.saveReceipt(receiptOf('kept'));
  await db.exportBackup({ directory: backup });
  const release = await lockByNative(fixture.file);
  const controller = new AbortController();
  const rejection = rejectionOf(operation(db, { signal: controller.signal }, backup));
  setTimeout(() => controller.abort(new Error('no longer wanted')), TIME_TO_THE_LOCK_MS);
  expect(await rejection).toMatchObject({ code: 'ABORTED', cause: controller.signal.reason });
  await release();
  await db.saveReceipt(receiptOf('later'));
  expect(await db.stats()).toMatchObject({ receiptsTotal: 2 });
});

it('an abort ends the wait for the turn', async () => {
  const fixture = createTestDatabase();
  const db = await fixture.open({ retry: { busyDeadlineMs: BUSY_DEADLINE_MS } });
  const release = await lockByNative(fixture.file);
  const first = db.reset();
  const controller = new AbortController();
  const second = rejectionOf(db.verify({ signal: controller.signal }));
  setTimeout(() => controller.abort(), TIME_TO_THE_LOCK_MS);
  expect(await second).toMatchObject({ code: 'ABORTED' });
  await release();
  await first;
});

it('an abort takes a read out that waits behind a save, which goes on', async () => {
  const fixture = createTestDatabase();
  const db = await fixture.open({ retry: { busyDeadlineMs: BUSY_DEADLINE_MS } });
  const release = await lockByNative(fixture.file);
  const save = db.saveReceipt(receiptOf('kept'));
  const controller = new AbortController();
  const read = rejectionOf(db.verify({ signal: controller.signal }));
  setTimeout(() => controller.abort(), TIME_TO_THE_LOCK_MS);
  expect(await read).toMatchObject({ code: 'ABORTED' });
  await release();
  await save;
  expect(await db.stats()).toMatchObject({ receiptsTotal: 1 });
});

it('an abort ends the wait of a commit for a reader, and nothing of it is stored', async () => {
  const fixture = createTestDatabase();
  const db = await fixture.open({ retry: { busyDeadlineMs: BUSY_DEADLINE_MS } });
  await db.saveReceipt(receiptOf('old'));
  fixture.native("UPDATE receipts SET created_at = '2020-01-01 00:00:00'");
  const release = await lockByNative(fixture.file, 'BEGIN; SELECT count(*) FROM receipts;');
  const controller = new AbortController();
  const cleanup = rejectionOf(db.cleanup({ days: 1, signal: controller.signal }));
  setTimeout(() => controller.abort(), TIME_TO_THE_LOCK_MS);
  expect(await cleanup).toMatchObject({ code: 'ABORTED' });
  await release();
  expect(await db.stats()).toMatchObject({ receiptsTotal: 1 });
});

it('leaves no listener on a signal, also when garbage is collected while several calls wait', async () => {
  const { signal } = new AbortController();
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const fixture = createTestDatabase();
  const db = await fixture.open({ retry: { busyDeadlineMs: BUSY_DEADLINE_MS } });
  for (const _ of upTo(5)) {
    const release = await lockByNative(fixture.file);
    const reads = upTo(3).map(() => db.querySql({ sql: 'SELECT 1', signal }));
    let resolve = (): void => undefined;
    const later = new Promise<void>((settle) => (resolve = settle));
    const waits = upTo(3).map(() => untilAborted(later, signal));
    // In a task of its own, or the collector finds on the stack what it should collect.
    await setImmediate();
    collectGarbage();
    await setImmediate();
    resolve();
    await release();
    await Promise.all([...reads, ...waits]);
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
