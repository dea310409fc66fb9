/** Statements outside a transaction of the storage: refused with a code of their own, or durable, and nothing is harmed. */
import { afterEach, expect, it, vi } from 'vitest';
import { type DurableDatabase, openDatabase } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { RemoteDatabase, terminateAll } from '../remote-database.browser.ts';

afterEach(() => {
  vi.restoreAllMocks();
  terminateAll();
});

const open = (name: string): Promise<DurableDatabase> =>
  openDatabase(indexedDbStorage(name, { durability: 'relaxed' }));

async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return 'nothing was thrown';
}

function texts(database: DurableDatabase): Promise<unknown[]> {
  return database.readTransaction(() => (database.database.exec('SELECT x FROM t')[0]?.values ?? []).flat());
}

function run(database: DurableDatabase, sql: string): Promise<void> {
  return database.writeTransaction(() => void database.database.exec(sql));
}

async function makeDatabase(): Promise<{ name: string; opened: DurableDatabase }> {
  const name = crypto.randomUUID();
  const opened = await open(name);
  await run(opened, "CREATE TABLE t(x); INSERT INTO t VALUES ('first')");
  return { name, opened };
}

/** Expects the same rows, and a sound file, of this connection, after a write, and of a new one. */
async function expectUnharmed(name: string, opened: DurableDatabase): Promise<void> {
  expect(await texts(opened)).toEqual(['first']);
  await run(opened, "INSERT INTO t VALUES ('last')");
  const fresh = await open(name);
  for (const each of [opened, fresh]) {
    expect(await texts(each)).toEqual(['first', 'last']);
    expect(await each.readTransaction(() => each.database.exec('PRAGMA integrity_check')[0]?.values)).toEqual(
      [['ok']],
    );
  }
}

it.each([
  "INSERT INTO t VALUES ('lost')",
  "BEGIN IMMEDIATE; INSERT INTO t VALUES ('lost'); COMMIT",
  'CREATE TABLE lost(x)',
  'PRAGMA user_version = 7',
  'PRAGMA page_size = 8192; VACUUM',
  'PRAGMA locking_mode = EXCLUSIVE; DELETE FROM t',
  'SELECT * FROM t',
])('indexeddb: a statement outside a transaction is OUTSIDE_TRANSACTION: %s', async (sql) => {
  const { name, opened } = await makeDatabase();
  expect(await codeOf(() => opened.database.exec(sql))).toBe('OUTSIDE_TRANSACTION');
  await codeOf(() => opened.database.exec('PRAGMA locking_mode = NORMAL; ROLLBACK'));
  await expectUnharmed(name, opened);
});

it('indexeddb: a write in a read transaction, during a commit, or of a kept statement is refused', async () => {
  const { name, opened } = await makeDatabase();
  const { database } = opened;
  const insert = (): void => void database.run("INSERT INTO t VALUES ('lost')");
  expect(await codeOf(() => opened.readTransaction(insert))).toBe('OUTSIDE_TRANSACTION');

  const put = IDBObjectStore.prototype.put;
  let duringCommit: Promise<unknown> | undefined;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function interrupt(
    this: IDBObjectStore,
    value,
    key,
  ) {
    duringCommit = codeOf(insert);
    return put.call(this, value, key);
  });
  await run(opened, "DELETE FROM t; INSERT INTO t VALUES ('first')");
  expect(await duringCommit).toBe('OUTSIDE_TRANSACTION');

  const kept = await opened.writeTransaction(() => database.prepare("INSERT INTO t VALUES ('lost')"));
  expect(await codeOf(() => kept.step())).toBe('OUTSIDE_TRANSACTION');
  kept.free();
  expect(await codeOf(() => database.export())).toBe('OUTSIDE_TRANSACTION');
  expect((await opened.readTransaction(() => database.export())).length).toBe(opened.sizeBytes());
  await expectUnharmed(name, opened);
});

it('indexeddb: a transaction that is left open is IN_TRANSACTION and rolled back', async () => {
  const { name, opened } = await makeDatabase();
  const { database } = opened;
  const leftOpen = (): void => void database.exec("BEGIN; INSERT INTO t VALUES ('lost')");
  expect(await codeOf(() => opened.writeTransaction(leftOpen))).toBe('IN_TRANSACTION');
  expect(await codeOf(() => opened.readTransaction(() => void database.exec('BEGIN; SELECT * FROM t')))).toBe(
    'IN_TRANSACTION',
  );
  const failing = (): void => {
    leftOpen();
    throw new RangeError('no');
  };
  expect(await codeOf(() => opened.writeTransaction(failing))).toBeInstanceOf(RangeError);
  await expectUnharmed(name, opened);
});

it('indexeddb: a statement with rows left does not keep an old state, nor does locking_mode=EXCLUSIVE', async () => {
  const { name, opened } = await makeDatabase();
  const { database } = opened;
  const other = await RemoteDatabase.open('indexeddb', name);
  const byRow = await opened.readTransaction(() => database.prepare('SELECT x FROM t WHERE rowid >= ?'));
  expect(await opened.readTransaction(() => byRow.getAsObject([1]))).toEqual({ x: 'first' });
  await other.write("UPDATE t SET x = 'changed'; CREATE TABLE u AS SELECT randomblob(9000) AS b");
  await run(opened, "INSERT INTO t VALUES ('second')");
  expect(await opened.readTransaction(() => byRow.getAsObject([1]))).toEqual({ x: 'changed' });

  // Statements of iterateStatements cannot be reset from here, so the next transaction is refused.
  const iterator = await opened.readTransaction(() => {
    const statements = database.iterateStatements('SELECT x FROM t');
    statements.next().value?.step();
    return statements;
  });
  await other.write("UPDATE t SET x = 'again' WHERE x = 'changed'");
  expect(await codeOf(() => run(opened, "INSERT INTO t VALUES ('stale')"))).toBe('IN_TRANSACTION');
  expect(iterator.next().done).toBe(true);
  await run(opened, 'PRAGMA locking_mode = EXCLUSIVE; SELECT * FROM t');
  await other.write("UPDATE t SET x = 'first' WHERE x = 'again'");
  expect(await codeOf(() => run(opened, "INSERT INTO t VALUES ('stale')"))).toBe('IN_TRANSACTION');
  database.exec('PRAGMA locking_mode = NORMAL; SELECT * FROM t');
  await run(opened, "DELETE FROM t WHERE x = 'second'");
  await expectUnharmed(name, opened);
});

it('opfs: a statement outside a transaction is OUTSIDE_TRANSACTION, right after one and when idle', async () => {
  const name = crypto.randomUUID();
  const database = await RemoteDatabase.open('opfs', name);
  await database.write("CREATE TABLE t(x); INSERT INTO t VALUES ('first')");
  // Another context gets the files only when this one has released them.
  const other = await RemoteDatabase.open('opfs', name);
  for (const sql of ["INSERT INTO t VALUES ('lost')", 'SELECT * FROM t', 'PRAGMA user_version = 7']) {
    await expect(database.direct(sql)).rejects.toMatchObject({ code: 'OUTSIDE_TRANSACTION' });
    await expect(other.writeThenDirect("UPDATE t SET x = 'first'", sql)).rejects.toMatchObject({
      code: 'OUTSIDE_TRANSACTION',
    });
  }
  for (const each of [database, other]) {
    expect(await each.read('SELECT x FROM t')).toEqual([['first']]);
    expect(await each.read('PRAGMA integrity_check')).toEqual([['ok']]);
    await each.close();
  }
});
