/** Several connections on one IndexedDB database. The numbers are the rules of `indexeddb.browser.ts`. */
import { afterEach, expect, it, vi } from 'vitest';
import { type DurableDatabase, openDatabase, retryBusy } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { RemoteDatabase, terminateAll } from '../remote-database.browser.ts';

const DEADLINE_MS = 30_000;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  terminateAll();
});

function open(name: string): Promise<DurableDatabase> {
  return openDatabase(indexedDbStorage(name, { durability: 'relaxed' }));
}

function rows(database: DurableDatabase, sql: string): Promise<unknown[][]> {
  return database.readTransaction(() => database.database.exec(sql)[0]?.values ?? []);
}

/** Commits `count` rows, one at a time. @returns the acknowledged ones */
async function insertRows(database: DurableDatabase, who: string, count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let index = 0; index < count; index++) {
    const row = `${who}-${index}`;
    await retryBusy(
      () =>
        database.writeTransaction(
          () => void database.database.run('INSERT INTO t VALUES (?, randomblob(300))', [row]),
        ),
      DEADLINE_MS,
    );
    acknowledged.push(row);
  }
  return acknowledged;
}

/** Lets several connections write at the same time. */
async function race(count: number): Promise<{ name: string; acknowledged: string[] }> {
  const name = crypto.randomUUID();
  const databases = [];
  for (let index = 0; index < count; index++) databases.push(await open(name));
  const [first] = databases;
  await first?.writeTransaction(() => void first.database.exec('CREATE TABLE t(who PRIMARY KEY, filler)'));
  const acknowledged = await Promise.all(
    databases.map((database, index) => insertRows(database, `c${index}`, 30)),
  );
  return { name, acknowledged: acknowledged.flat() };
}

/** Reads the stored rows through a new connection. */
async function stored(name: string): Promise<{ who: unknown[]; integrity: unknown }> {
  const fresh = await open(name);
  const who = (await rows(fresh, 'SELECT who FROM t')).flat();
  const [[integrity]] = (await rows(fresh, 'PRAGMA integrity_check')) as [[unknown]];
  fresh.close();
  return { who, integrity };
}

it.each([2, 3])(
  'indexeddb 2, 4: %d connections write at once, every acknowledged row is there',
  async (count) => {
    const { name, acknowledged } = await race(count);
    const { who, integrity } = await stored(name);
    expect(who.toSorted()).toEqual(acknowledged.toSorted());
    expect(integrity).toBe('ok');
  },
);

it('indexeddb 2, 4: three workers write at once, every acknowledged row is there', async () => {
  const name = crypto.randomUUID();
  const workers = [];
  for (let index = 0; index < 3; index++) workers.push(await RemoteDatabase.open('indexeddb', name));
  await workers[0]?.write('CREATE TABLE t(who, n)');
  await Promise.all(workers.map((worker, index) => worker.insertRows('t', `w${index}`, 40)));
  for (const worker of workers) {
    expect(await worker.read('SELECT who, count(DISTINCT n), count(*) FROM t GROUP BY who')).toEqual([
      ['w0', 40, 40],
      ['w1', 40, 40],
      ['w2', 40, 40],
    ]);
    expect(await worker.read('PRAGMA integrity_check')).toEqual([['ok']]);
  }
});

/** Removes Web Locks, which pages that are not served securely do not have. */
function withoutLocks(): void {
  vi.stubGlobal(
    'navigator',
    new Proxy(navigator, {
      get: (target, key) => (key === 'locks' ? undefined : (Reflect.get(target, key, target) as unknown)),
    }),
  );
}

it('indexeddb 2: without locks, compare-and-swap alone keeps three connections apart', async () => {
  withoutLocks();
  const aborts = vi.spyOn(IDBTransaction.prototype, 'abort');
  const { name, acknowledged } = await race(3);
  expect(aborts.mock.calls.length).toBeGreaterThan(0);
  const { who, integrity } = await stored(name);
  expect(who.toSorted()).toEqual(acknowledged.toSorted());
  expect(integrity).toBe('ok');
  const database = await open(name);
  expect(database.storage.capabilities.lockProvider).toBe('compare-and-swap');
});

it("indexeddb 4: the result or the error of a write is never of a state before another connection's commit", async () => {
  const name = crypto.randomUUID();
  const [one, other] = [await open(name), await open(name)];
  await one.writeTransaction(
    () => void one.database.exec("CREATE TABLE t(x PRIMARY KEY); INSERT INTO t VALUES ('old')"),
  );
  for (let round = 0; round < 3; round++) {
    // After sixteen writes without a newer commit, writes are optimistic: they run on the mirror without a refresh.
    for (let index = 0; index < 20; index++) {
      await one.writeTransaction(
        () => void one.database.run('INSERT INTO t VALUES (?)', [`${round} ${index}`]),
      );
    }
    await other.writeTransaction(() => void other.database.exec("UPDATE t SET x = 'new' WHERE x = 'old'"));
    expect(
      await one.writeTransaction(
        () => one.database.exec("SELECT x FROM t WHERE x IN ('old', 'new')")[0]?.values,
      ),
    ).toEqual([['new']]);
    for (let index = 20; index < 40; index++) {
      await one.writeTransaction(
        () => void one.database.run('INSERT INTO t VALUES (?)', [`${round} ${index}`]),
      );
    }
    await other.writeTransaction(() => void other.database.exec("UPDATE t SET x = 'old' WHERE x = 'new'"));
    // On the mirror without a refresh this fails, because it has 'new'.
    await one.writeTransaction(
      () => void one.database.exec("INSERT INTO t VALUES ('new'); DELETE FROM t WHERE x = 'new'"),
    );
  }
  expect(await rows(one, 'PRAGMA integrity_check')).toEqual([['ok']]);
});

it('indexeddb 4: reads requested together refresh once, and a read requested later refreshes again', async () => {
  const name = crypto.randomUUID();
  const [one, other] = [await open(name), await open(name)];
  await other.writeTransaction(() => void other.database.exec('CREATE TABLE t(x)'));
  const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
  const together = await Promise.all(
    Array.from({ length: 5 }, () => rows(one, 'SELECT count(*) FROM sqlite_schema')),
  );
  expect(together).toEqual(Array.from({ length: 5 }, () => [[1]]));
  expect(transactions).toHaveBeenCalledTimes(1);
  await other.writeTransaction(() => void other.database.exec('CREATE TABLE u(x)'));
  expect(await rows(one, 'SELECT count(*) FROM sqlite_schema')).toEqual([[2]]);
});

it('indexeddb 2: a write of a lone connection is one transaction and takes no lock; while others write, it takes one', async () => {
  const name = crypto.randomUUID();
  const [one, other] = [await open(name), await open(name)];
  await one.writeTransaction(() => void one.database.exec('CREATE TABLE t(x)'));
  const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
  const locks = vi.spyOn(LockManager.prototype, 'request');
  await one.writeTransaction(() => void one.database.exec('INSERT INTO t VALUES (1)'));
  expect([transactions.mock.calls.length, locks.mock.calls.length]).toEqual([1, 0]);
  await other.writeTransaction(() => void other.database.exec('INSERT INTO t VALUES (2)'));
  await one.writeTransaction(() => void one.database.exec('INSERT INTO t VALUES (3)'));
  expect(locks.mock.calls.length).toBe(2);
  expect(await rows(other, 'SELECT x FROM t ORDER BY x')).toEqual([[1], [2], [3]]);
});

it('negative control: without locks and without compare-and-swap the checks above fail', async () => {
  withoutLocks();
  const name = crypto.randomUUID();
  const [one, other] = [await open(name), await open(name)];
  await one.writeTransaction(() => void one.database.exec('CREATE TABLE t(who PRIMARY KEY, filler)'));
  await rows(other, 'SELECT * FROM t');
  // Lets each commit read the version that its connection has read or written last.
  const get = IDBObjectStore.prototype.get;
  const lastSeen = new WeakMap<IDBDatabase, number>();
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function lie(this: IDBObjectStore, key) {
    const request = get.call(this, key);
    const { transaction } = this;
    request.addEventListener(
      'success',
      () => {
        const meta = request.result as { version: number };
        const seen = lastSeen.get(transaction.db);
        if (transaction.mode === 'readonly') lastSeen.set(transaction.db, meta.version);
        else if (seen !== undefined) Object.assign(meta, { version: seen });
      },
      { once: true },
    );
    return request;
  });
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function note(
    this: IDBObjectStore,
    value,
    key,
  ) {
    if (key === 'meta') lastSeen.set(this.transaction.db, (value as { version: number }).version - 1);
    return put.call(this, value, key);
  });
  const acknowledged = (
    await Promise.all(
      [insertRows(one, 'one', 30), insertRows(other, 'other', 30)].map((writes) => writes.catch(() => [])),
    )
  ).flat();
  vi.restoreAllMocks();
  const { who, integrity } = await stored(name).catch(() => ({ who: [], integrity: 'unreadable' }));
  expect(integrity === 'ok' && who.length >= acknowledged.length && acknowledged.length === 60).toBe(false);
});
