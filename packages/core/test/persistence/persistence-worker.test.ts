/** The persistence suite behind a worker thread. */
import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { changeKey, type FileOpenOptions, type Progress } from '../../src/index.ts';
import { describePersistence } from '../../src/testing/index.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { TestDatabase, createTestDatabase, nativeSqlite } from '../support/test-database.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

describePersistence(
  'file, behind a worker thread',
  () => {
    const database = new TestDatabase();
    const workers: Worker[] = [];
    return {
      open() {
        const worker = new Worker(children.script('serve-database'));
        workers.push(worker);
        return database.open({ worker });
      },
      async remove() {
        await database.end();
        for (const worker of workers) await worker.terminate();
      },
    };
  },
  { framework: { describe, expect, it }, withoutClock: 'a function cannot be sent to a worker' },
);

it('refuses a missing file and a foreign one behind a worker thread with `create: false`', async () => {
  const database = createTestDatabase();
  const worker = new Worker(children.script('serve-database'));
  onTestFinished(async () => void (await worker.terminate()));
  expect(await rejectionOf(database.open({ worker, create: false }))).toMatchObject({ code: 'NOT_FOUND' });
  expect(fs.readdirSync(database.folder)).toEqual([]);
  const theirs = database.path('theirs.db');
  nativeSqlite(theirs, 'CREATE TABLE theirs (x)');
  expect(await rejectionOf(database.open({ path: theirs, worker, create: false }))).toMatchObject({
    code: 'SCHEMA_MISMATCH',
  });
  expect(nativeSqlite(theirs, '.tables')).toBe('theirs');
});

it('changes the key of a file behind a worker thread, says how far it is, and can be stopped', async () => {
  const database = createTestDatabase();
  const first = await database.open();
  await first.saveReceipt(receiptOf('kept'));
  await first.close();
  const file = (key?: string): FileOpenOptions => {
    const worker = new Worker(children.script('serve-database'));
    onTestFinished(async () => void (await worker.terminate()));
    return { storage: 'file', path: database.file, worker, ...(key !== undefined && { key }) };
  };
  const reason = new Error('enough');
  const stopped = changeKey(file(), { newKey: 'new', signal: AbortSignal.abort(reason) });
  expect(await rejectionOf(stopped)).toMatchObject({ code: 'ABORTED', cause: reason });
  const noKey = (() => 'new') as unknown as string;
  expect(await rejectionOf(changeKey(file(), { newKey: noKey }))).toMatchObject({
    name: 'PersistenceError',
    code: 'INVALID_ARGUMENT',
  });
  const reported: Progress[] = [];
  await changeKey(file(), { newKey: 'new', onProgress: (progress) => void reported.push(progress) });
  expect(reported.at(-1)).toMatchObject({ stage: 'encrypt', unit: 'bytes' });
  expect(await rejectionOf(changeKey(file('guess'), {}))).toMatchObject({
    name: 'PersistenceError',
    code: 'WRONG_KEY',
    operation: 'changeKey',
  });
  await changeKey(file('new'), {});
  expect(await (await database.open()).countReceipts()).toBe(1);
});

describe('a worker that is terminated', () => {
  it('settles pending calls with WORKER_GONE; acknowledged saves are there', async () => {
    const database = createTestDatabase();
    const worker = new Worker(children.script('serve-database'));
    const db = await database.open({ worker });
    await db.saveReceipt(receiptOf('acknowledged'));
    const pending = upTo(50).map((n) => db.saveReceipt(receiptOf(`pending-${n}`)));
    const outcomes = Promise.allSettled(pending);
    await worker.terminate();
    const ends = (await outcomes).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason : undefined,
    );
    for (const end of ends.filter(Boolean)) expect(end).toMatchObject({ code: 'WORKER_GONE' });
    expect(await rejectionOf(db.stats())).toMatchObject({ name: 'PersistenceError', code: 'WORKER_GONE' });
    const again = await database.open();
    const saved = (await again.queryReceipts()).map(({ executionId }) => executionId);
    expect(saved).toContain('acknowledged');
    for (const [n, end] of ends.entries())
      expect(end !== undefined || saved.includes(`pending-${n}`)).toBe(true);
  });
});
