import path from 'node:path';
/** The suite every implementation has to pass, behind a worker thread. */
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describePersistence } from '../src/testing/index.ts';
import { Children } from '../../../tests/support/child-process.ts';
import { receiptOf, rejectionOf, upTo } from '../src/testing/persistence-case.ts';
import { DatabasePlace, placeOfTest } from './support/database-place.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, 'children'));
});
afterAll(() => children.remove());

describePersistence(
  'file, behind a worker thread',
  () => {
    const place = new DatabasePlace();
    const workers: Worker[] = [];
    return {
      open() {
        const worker = new Worker(children.script('serve-database'));
        workers.push(worker);
        return place.open({ worker });
      },
      async remove() {
        await place.end();
        for (const worker of workers) await worker.terminate();
      },
    };
  },
  { framework: { describe, expect, it }, withoutClock: 'a function cannot be sent to a worker' },
);

describe('a worker that ends', () => {
  it('settles what was asked of it with WORKER_GONE; what it had acknowledged is there', async () => {
    const place = placeOfTest();
    const worker = new Worker(children.script('serve-database'));
    const db = await place.open({ worker });
    await db.saveReceipt(receiptOf('acknowledged'));
    const pending = upTo(50).map((n) => db.saveReceipt(receiptOf(`pending-${n}`)));
    const outcomes = Promise.allSettled(pending);
    await worker.terminate();
    const ends = (await outcomes).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason : undefined,
    );
    for (const end of ends.filter(Boolean)) expect(end).toMatchObject({ code: 'WORKER_GONE' });
    expect(await rejectionOf(db.stats())).toMatchObject({ name: 'PersistenceError', code: 'WORKER_GONE' });
    const again = await place.open();
    const saved = (await again.queryReceipts()).map(({ executionId }) => executionId);
    expect(saved).toContain('acknowledged');
    for (const [n, end] of ends.entries())
      expect(end !== undefined || saved.includes(`pending-${n}`)).toBe(true);
  });
});
