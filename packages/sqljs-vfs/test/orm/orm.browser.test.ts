import { expect, it } from 'vitest';
import { openDatabase, type DurableDatabase } from '../../src/index.ts';
import { drizzle } from '../../src/orm/drizzle.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { CalledWorker } from '../workers/calls.browser.ts';
import { describeDrivers } from './orm-cases.ts';

const name = crypto.randomUUID();
const open = (): Promise<DurableDatabase> => openDatabase(indexedDbStorage(name));

describeDrivers('indexeddb', open, it);

const worker = new CalledWorker(
  new Worker(new URL('../workers/orm-opfs.browser.ts', import.meta.url), { type: 'module' }),
);
/** Declares a case here and runs it in the worker. */
const inWorker =
  (declare: typeof it): ((title: string) => void) =>
  (title) =>
    declare(title, async () => void (await worker.call('runCase', title)));

describeDrivers('opfs', () => Promise.reject(new Error('the worker opens it')), inWorker(it));

it('indexeddb, Drizzle: a transaction after which another tab has committed first is SQLITE_BUSY, and nothing of it is stored', async () => {
  const [one, other] = [await open(), await open()];
  await one.writeTransaction(() => void one.database.exec('CREATE TABLE t(x)'));
  await drizzle(other).run('SELECT * FROM t');
  const runs: string[] = [];
  const transaction = drizzle(one).transaction(async (tx) => {
    runs.push('once');
    await tx.run("INSERT INTO t VALUES ('lost')");
    await drizzle(other).run("INSERT INTO t VALUES ('first')");
  });
  await expect(transaction).rejects.toMatchObject({ cause: { resultCode: 5 } });
  expect(runs).toEqual(['once']);
  await drizzle(one).transaction((tx) => tx.run("INSERT INTO t VALUES ('second')"));
  expect(await drizzle(other).values('SELECT x FROM t')).toEqual([['first'], ['second']]);
});
