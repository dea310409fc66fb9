/** Operations on a database in OPFS whose files were given up because nobody used them for a while. */
import { expect, it } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { auditOf, receiptOf } from '../../src/testing/persistence-case.ts';

/** Waits until no context holds the files of a database. */
async function filesGivenUp(name: string): Promise<void> {
  await expect
    .poll(async () => (await navigator.locks.query()).held?.filter((lock) => lock.name?.endsWith(name)))
    .toEqual([]);
}

it('operations on the whole database get the files again', async () => {
  const name = crypto.randomUUID();
  await using db = await openPersistence({ storage: 'opfs', name, retry: { busyDeadlineMs: 1000 } });
  await db.record({ receipts: [receiptOf('a')], audits: [auditOf('o')] });
  // Cleanup deletes what is older than the present second.
  const savedInSecond = Math.floor(Date.now() / 1000);
  await expect.poll(() => Math.floor(Date.now() / 1000)).toBeGreaterThan(savedInSecond);
  await filesGivenUp(name);
  const image = await db.exportImage();
  await filesGivenUp(name);
  expect(await db.cleanup({ days: 0, vacuum: true })).toMatchObject({ auditEntriesDeleted: 1 });
  await filesGivenUp(name);
  await db.importImage(image);
  await filesGivenUp(name);
  expect((await db.verify()).ok).toBe(true);
  await filesGivenUp(name);
  expect(await db.stats()).toMatchObject({ receiptsTotal: 1, auditEntries: 1 });
  await filesGivenUp(name);
  await db.reset();
  expect(await db.stats()).toMatchObject({ receiptsTotal: 0, auditEntries: 0 });
});
