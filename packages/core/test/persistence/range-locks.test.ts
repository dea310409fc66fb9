/** Locks that the caller brings. */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import type { RangeLocks } from '@ggen-sim/sqljs-vfs';
import { nativeRangeLocks } from '@ggen-sim/sqljs-vfs/internal/file';
import { receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** The locks of this platform under another name. */
function ownLocks(): RangeLocks {
  const native = nativeRangeLocks();
  if ('unavailable' in native) throw native.unavailable;
  return { ...native, name: 'own' };
}

it('are used, and keep out another connection with the locks of this platform', async () => {
  const database = createTestDatabase();
  await using db = await database.open({ rangeLocks: ownLocks(), exclusive: true });
  expect((await db.info()).lockProvider).toBe('own');
  await db.saveReceipt(receiptOf('a'));
  expect(await rejectionOf(database.open({ retry: { busyDeadlineMs: 1 } }))).toMatchObject({
    code: 'DATABASE_LOCKED',
  });
});

it('that fail their own check leave no database behind', async () => {
  const database = createTestDatabase();
  const check = (): void => {
    throw new Error('they exclude no one');
  };
  const opening = database.open({ rangeLocks: { ...ownLocks(), check } });
  expect(await rejectionOf(opening)).toMatchObject({
    code: 'LOCKS_UNAVAILABLE',
    message: expect.stringContaining('they exclude no one') as string,
  });
  expect(fs.readdirSync(database.folder)).toEqual([]);
});

it.each([
  ['without a function', { name: 'half', tryShared: () => true, unlock: () => undefined }, {}],
  ['that are no object', 'fcntl', {}],
  ['for a worker, to which no function can be sent', ownLocks(), { worker: true }],
])('are refused %s', async (_, rangeLocks, own) => {
  const database = createTestDatabase();
  const opening = database.open({ rangeLocks: rangeLocks as RangeLocks, ...own });
  expect(await rejectionOf(opening)).toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('Invalid rangeLocks') as string,
  });
  expect(fs.readdirSync(database.folder)).toEqual([]);
});
