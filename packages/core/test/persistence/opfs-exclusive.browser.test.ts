/** Exclusive databases in OPFS: locking out others, closing, and recovery after a killed owner. */
import { expect, it } from 'vitest';
import { openPersistence, type Persistence } from '../../src/index.ts';
import { auditOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { expectOrdinaryFile, storedFiles } from './opfs-files.browser.ts';

const freshName = (): string => crypto.randomUUID();
const impatient = { retry: { busyDeadlineMs: 200 } };

/** Starts a worker that the test can terminate. */
function ownWorker(): Worker {
  return new Worker(new URL('../../src/host/worker.browser.ts', import.meta.url), { type: 'module' });
}

/** Execution ids in the order they were acknowledged. */
async function saveUntil(db: Persistence, acknowledged: string[], prefix: string): Promise<void> {
  for (let index = 0; ; index++) {
    const receipts = upTo(index % 3 === 2 ? 40 : 1).map((each) =>
      receiptOf(`${prefix}-${index}-${each}`, { receipt: { filler: 'x'.repeat(500) } }),
    );
    try {
      await db.saveReceipts(receipts);
    } catch {
      return;
    }
    acknowledged.push(...receipts.map(({ executionId }) => executionId));
  }
}

it.each([undefined, 'relaxed'] as const)(
  'info reports its journal mode and durability, %s',
  async (durability) => {
    const name = freshName();
    const own = durability ? { durability } : {};
    await using db = await openPersistence({ storage: 'opfs', name, exclusive: true, ...own });
    expect(await db.info()).toMatchObject({
      storage: 'opfs',
      journalMode: 'wal',
      durability: durability ?? 'strict',
    });
    await db.close();
    await using shared = await openPersistence({ storage: 'opfs', name, durability: 'relaxed' });
    expect(await shared.info()).toMatchObject({ journalMode: 'truncate', durability: 'strict' });
  },
);

it('other connections get DATABASE_LOCKED at their deadline, and the database once it is closed', async () => {
  const name = freshName();
  const owner = await openPersistence({ storage: 'opfs', name, exclusive: true });
  await owner.saveReceipt(receiptOf('a'));
  for (const exclusive of [false, true]) {
    const error = await rejectionOf(openPersistence({ storage: 'opfs', name, exclusive, ...impatient }));
    expect(error, `exclusive: ${exclusive}`).toMatchObject({ code: 'DATABASE_LOCKED', operation: 'open' });
  }
  // The requests of other connections did not disturb the owner.
  await owner.record({ receipts: [receiptOf('b')], audits: [auditOf('o')] });
  const waiting = openPersistence({ storage: 'opfs', name });
  await owner.close();
  await using next = await waiting;
  expect(await next.stats()).toMatchObject({ receiptsTotal: 2, auditEntries: 1 });
});

it('an exclusive open waits for shared connections', async () => {
  const name = freshName();
  await using shared = await openPersistence({ storage: 'opfs', name });
  await shared.saveReceipt(receiptOf('a'));
  const owner = await openPersistence({ storage: 'opfs', name, exclusive: true });
  await owner.saveReceipt(receiptOf('b'));
  const waiting = shared.saveReceipt(receiptOf('c'));
  await owner.close();
  await waiting;
  expect((await shared.stats()).receiptsTotal).toBe(3);
});

it('close leaves an ordinary file, also after an import, a cleanup and a reset', async () => {
  const name = freshName();
  const owner = await openPersistence({ storage: 'opfs', name, exclusive: true });
  await owner.saveReceipts(upTo(300).map((index) => receiptOf(`e-${index}`)));
  const image = await owner.exportImage();
  await owner.reset();
  await owner.importImage(image);
  await owner.cleanup({ days: 0 });
  expect((await owner.verify()).ok).toBe(true);
  await owner.importImage(image);
  await owner.close();
  await expectOrdinaryFile(name);
  await using db = await openPersistence({ storage: 'opfs', name });
  expect((await db.stats()).receiptsTotal).toBe(300);
});

it.each([
  { exclusive: false, durability: 'strict' },
  { exclusive: true, durability: 'strict' },
  { exclusive: false, durability: 'relaxed' },
] as const)('an owner killed during saves loses no acknowledged receipt; reopened with %o', async (next) => {
  const name = freshName();
  const acknowledged: string[] = [];
  for (const round of upTo(4)) {
    const worker = ownWorker();
    const { durability } = next;
    const owner = await openPersistence({ storage: 'opfs', name, exclusive: true, durability, worker });
    const before = acknowledged.length;
    const saving = saveUntil(owner, acknowledged, `round-${round}`);
    const saved = (): number => acknowledged.length - before;
    await expect.poll(saved, { interval: 3, timeout: 60_000 }).toBeGreaterThan(150 + round * 50);
    worker.terminate();
    await saving;
    expect((await storedFiles(name))['wal']?.length).toBeGreaterThan(0);
    await using survivor = await openPersistence({ storage: 'opfs', name, exclusive: next.exclusive });
    const stored = new Set<string>();
    for await (const { executionId } of survivor.queryReceipts({ limit: 100_000 })) stored.add(executionId);
    expect(acknowledged.filter((executionId) => !stored.has(executionId))).toEqual([]);
    expect(await survivor.verify()).toMatchObject({ ok: true, problems: [] });
  }
  await expectOrdinaryFile(name);
});

it.each([
  ['indexeddb', true, /only 'file' and 'opfs'/],
  ['memory', true, /only 'file' and 'opfs'/],
  ['opfs', 'yes', /Expected true or false/],
] as const)('%s with exclusive: %o is refused', async (storage, exclusive, message) => {
  const options = { storage, name: freshName(), exclusive } as never;
  const error = await rejectionOf(openPersistence(options));
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', operation: 'open' });
  expect(error.message).toMatch(message);
});
