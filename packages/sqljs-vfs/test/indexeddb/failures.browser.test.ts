/** IndexedDB fails, is deleted or holds another format. The numbers are the rules of `indexeddb.browser.ts`. */
import { afterEach, expect, it, vi } from 'vitest';
import { type DurableDatabase, UncertainCommit, VfsError, openDatabase } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';

afterEach(() => void vi.restoreAllMocks());

const open = (name: string): Promise<DurableDatabase> => openDatabase(indexedDbStorage(name));

function run(database: DurableDatabase, sql: string): Promise<void> {
  return database.writeTransaction(() => void database.database.exec(sql));
}

function rows(database: DurableDatabase, sql: string): Promise<unknown[][]> {
  return database.readTransaction(() => database.database.exec(sql)[0]?.values ?? []);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Makes a database with one table. */
async function makeDatabase(): Promise<{ name: string; database: DurableDatabase }> {
  const name = crypto.randomUUID();
  const database = await open(name);
  await run(database, "CREATE TABLE t(x); INSERT INTO t VALUES ('first')");
  return { name, database };
}

/** Fails the next commit as a full disk does: its requests succeed, then the transaction aborts. */
function abortNextCommit(): void {
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function full(
    this: IDBObjectStore,
    value,
    key,
  ) {
    const request = put.call(this, value, key);
    const { transaction } = this;
    vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementationOnce(() => undefined);
    request.addEventListener('success', () => transaction.abort(), { once: true });
    return request;
  });
}

/** Throws an error at the next put. */
function failNextPut(name: string): void {
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
    throw new DOMException('no', name);
  });
}

it('indexeddb 1: a commit whose transaction aborts after its requests succeeded is not stored', async () => {
  const { name, database } = await makeDatabase();
  abortNextCommit();
  const failure = await failureOf(run(database, "INSERT INTO t VALUES ('aborted')"));
  expect(failure).toMatchObject({ name: 'SqliteError', resultCode: 10, cause: { name: 'AbortError' } });
  for (const reader of [database, await open(name)]) {
    expect(await rows(reader, 'SELECT x FROM t')).toEqual([['first']]);
  }
  await run(database, "INSERT INTO t VALUES ('second')");
  expect(await rows(await open(name), 'SELECT x FROM t')).toEqual([['first'], ['second']]);
});

async function lose(transaction: IDBTransaction, meanwhile: Promise<void>): Promise<void> {
  await meanwhile;
  transaction.db.close();
  transaction.db.dispatchEvent(new Event('close'));
  transaction.dispatchEvent(new Event('abort'));
}

/** Stores the next commit, runs `meanwhile`, and loses the connection before the answer. */
function loseNextAnswer(meanwhile: () => Promise<void> = () => Promise.resolve()): void {
  const begin = IDBDatabase.prototype.transaction;
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(function losing(
    this: IDBDatabase,
    ...given
  ) {
    const transaction = begin.apply(this, given);
    transaction.addEventListener('complete', (event) => {
      event.stopImmediatePropagation();
      void lose(transaction, meanwhile());
    });
    return transaction;
  });
}

it('indexeddb 3: a stored commit whose answer was lost is acknowledged, and not stored twice', async () => {
  const { name, database } = await makeDatabase();
  let runs = 0;
  const insert = (): void => {
    runs++;
    database.database.exec("INSERT INTO t VALUES ('second')");
  };
  loseNextAnswer();
  await database.writeTransaction(insert);
  expect(runs).toBe(1);
  const other = await open(name);
  loseNextAnswer(() => run(other, "INSERT INTO t VALUES ('by another connection')"));
  await database.writeTransaction(() => void database.database.exec("INSERT INTO t VALUES ('third')"));
  for (const reader of [database, other, await open(name)]) {
    expect(await rows(reader, 'SELECT x FROM t')).toEqual([
      ['first'],
      ['second'],
      ['third'],
      ['by another connection'],
    ]);
    expect(await rows(reader, 'PRAGMA integrity_check')).toEqual([['ok']]);
  }
});

it('indexeddb 3: a commit of another connection in the place of one that failed is not taken for it', async () => {
  const { name, database } = await makeDatabase();
  const other = await open(name);
  const statement = "INSERT INTO t VALUES ('the same')";
  const begin = IDBDatabase.prototype.transaction;
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(function losing(
    this: IDBDatabase,
    ...given
  ) {
    const transaction = begin.apply(this, given);
    transaction.addEventListener('abort', (event) => {
      if (!event.isTrusted) return;
      event.stopImmediatePropagation();
      void run(other, statement).finally(() => transaction.dispatchEvent(new Event('abort')));
    });
    transaction.abort();
    return transaction;
  });
  // The first attempt is not stored. The other connection's commit is, so the write runs again on top of it.
  await run(database, statement);
  expect(await rows(await open(name), 'SELECT x FROM t')).toEqual([['first'], ['the same'], ['the same']]);
});

it('indexeddb 3: the error is UncertainCommit when the storage cannot tell whether a commit is stored', async () => {
  const { name, database } = await makeDatabase();
  loseNextAnswer(() => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(() => {
      throw new DOMException('gone', 'UnknownError');
    });
    return Promise.resolve();
  });
  const failure = await failureOf(run(database, "INSERT INTO t VALUES ('perhaps')"));
  expect(failure).toBeInstanceOf(UncertainCommit);
  expect(failure).toMatchObject({ cause: { name: 'SqliteError', resultCode: 10 } });
  for (const reader of [database, await open(name)]) {
    expect(await rows(reader, 'SELECT x FROM t')).toEqual([['first'], ['perhaps']]);
  }
});

it('indexeddb 1: a commit is acknowledged when its transaction completes, not when its requests have succeeded', async () => {
  const { database } = await makeDatabase();
  const events: string[] = [];
  const begin = IDBDatabase.prototype.transaction;
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function watched(
    this: IDBDatabase,
    ...given
  ) {
    const transaction = begin.apply(this, given);
    if (transaction.mode === 'readwrite')
      transaction.addEventListener('complete', () => events.push('complete'));
    return transaction;
  });
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function watched(
    this: IDBObjectStore,
    value,
    key,
  ) {
    const request = put.call(this, value, key);
    request.addEventListener('success', () => events.push('request'));
    return request;
  });
  await run(database, "INSERT INTO t VALUES ('second')");
  expect(events).toEqual(['request', 'request', 'complete']);
});

it('indexeddb 1: a full disk is SQLITE_FULL, and the next save works', async () => {
  const { database } = await makeDatabase();
  failNextPut('QuotaExceededError');
  const failure = await failureOf(run(database, "INSERT INTO t VALUES ('full')"));
  expect(failure).toMatchObject({ resultCode: 13, cause: { name: 'QuotaExceededError' } });
  await run(database, "INSERT INTO t VALUES ('after')");
  expect(await rows(database, 'SELECT x FROM t')).toEqual([['first'], ['after']]);
});

it.each(['abort', 'quota'])(
  "indexeddb 3: after a failed commit (%s), the cache is not used for another connection's commit with the same change counter",
  async (failureKind) => {
    const { name, database } = await makeDatabase();
    const other = await open(name);
    await rows(other, 'SELECT x FROM t');
    if (failureKind === 'abort') abortNextCommit();
    else failNextPut('QuotaExceededError');
    expect(await failureOf(run(database, "UPDATE t SET x = 'never stored'"))).toBeTruthy();
    await run(other, "UPDATE t SET x = 'theirs'");
    // Both began at the same counter and added one, so by the counter alone the cache would count as current.
    expect(await database.readTransaction(() => database.changeCounter())).toBe(other.lastChangeCounter);
    expect(await rows(database, 'SELECT x FROM t')).toEqual([['theirs']]);
    expect(await rows(database, 'PRAGMA integrity_check')).toEqual([['ok']]);
    await run(database, "INSERT INTO t VALUES ('mine')");
    expect(await rows(other, 'SELECT x FROM t')).toEqual([['theirs'], ['mine']]);
  },
);

it('indexeddb 3: after a failed first commit, the empty cache is not used for the same commit by another connection', async () => {
  const name = crypto.randomUUID();
  const database = await open(name);
  const first = 'CREATE TABLE t(x)';
  abortNextCommit();
  expect(await failureOf(run(database, first))).toMatchObject({ resultCode: 10 });
  expect(await rows(database, 'SELECT count(*) FROM sqlite_schema')).toEqual([[0]]);
  await run(await open(name), first);
  expect(await rows(database, 'SELECT name FROM sqlite_schema')).toEqual([['t']]);
  await run(database, "INSERT INTO t VALUES ('mine')");
  expect(await rows(await open(name), 'SELECT x FROM t')).toEqual([['mine']]);
});

it('indexeddb 3: a transaction whose own code throws leaves nothing in memory', async () => {
  const { name, database } = await makeDatabase();
  const failing = database.writeTransaction(() => {
    database.database.exec("INSERT INTO t VALUES ('in the mirror only')");
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await rows(database, 'SELECT x FROM t')).toEqual([['first']]);
  expect(await rows(await open(name), 'SELECT x FROM t')).toEqual([['first']]);
});

async function deleteDatabase(name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () => reject(request.error as Error));
    request.addEventListener('blocked', () => reject(new Error('an open connection blocks the deletion')));
  });
}

it.each([false, true])(
  'indexeddb 5: a database deleted while open (and replaced: %s) is STORAGE_RESET for good',
  async (replaced) => {
    const { name, database } = await makeDatabase();
    await deleteDatabase(name);
    if (replaced) await run(await open(name), "CREATE TABLE t(x); INSERT INTO t VALUES ('another')");
    for (let attempt = 0; attempt < 2; attempt++) {
      const failures = [
        await failureOf(rows(database, 'SELECT x FROM t')),
        await failureOf(run(database, 'DELETE FROM t')),
      ];
      for (const failure of failures) {
        expect(failure).toBeInstanceOf(VfsError);
        expect(failure).toMatchObject({
          code: 'STORAGE_RESET',
          hint: expect.stringContaining('Open it again'),
        });
      }
    }
    const fresh = await open(name);
    expect(await rows(fresh, 'SELECT name FROM sqlite_schema')).toEqual(replaced ? [['t']] : []);
  },
);

const LATER_META = {
  format: 3,
  databaseId: 'd',
  version: 3,
  sizeBytes: 4096,
  checkpointedVersion: 0,
  uncheckpointedBytes: 0,
};

/** Reads the whole object store, for comparison. */
async function dump(name: string): Promise<unknown[]> {
  return withStore(name, 'readonly', (store) => [store.getAllKeys(), store.getAll()]);
}

async function withStore(
  name: string,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest[],
): Promise<unknown[]> {
  const connection = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener('success', () => resolve(request.result));
  });
  const transaction = connection.transaction('pages', mode);
  const requests = work(transaction.objectStore('pages'));
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  connection.close();
  return requests.map(({ result }) => result as unknown);
}

it.each([
  ['an earlier format', { ...LATER_META, format: 1 }],
  ['a later format', LATER_META],
  ['another value', 'hello'],
])('indexeddb 5: %s is UNREADABLE_STORAGE and left untouched', async (_name, meta) => {
  const { name, database } = await makeDatabase();
  database.close();
  await withStore(name, 'readwrite', (store) => [store.put(meta, 'meta')]);
  const before = await dump(name);
  expect(await failureOf(open(name))).toMatchObject({ code: 'UNREADABLE_STORAGE' });
  expect(await dump(name)).toEqual(before);
});

it('is STORAGE_UNAVAILABLE where the browser has no IndexedDB', async () => {
  vi.stubGlobal('indexedDB', undefined);
  expect(await failureOf(open('anything'))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  vi.unstubAllGlobals();
});
