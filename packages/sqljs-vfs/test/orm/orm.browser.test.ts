import { expect, it } from 'vitest';
import { openDatabase, type DurableDatabase } from '../../src/index.ts';
import { drizzle } from '../../src/orm/drizzle.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { describeDrivers } from './orm-cases.ts';

const name = crypto.randomUUID();
const open = (): Promise<DurableDatabase> => openDatabase(indexedDbStorage(name));

describeDrivers('indexeddb', open);

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
