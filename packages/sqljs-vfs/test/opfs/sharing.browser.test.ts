/**
 * Several contexts on one database in the private file system. The numbers are the rules of `opfs.browser.ts` and
 * `handle-lease.browser.ts`.
 */
import { afterEach, expect, it } from 'vitest';
import { VfsError, openDatabase } from '../../src/index.ts';
import { opfsStorage } from '../../src/storages/opfs/opfs.browser.ts';
import { directoryName } from '../../src/storages/opfs/layout.browser.ts';
import { RemoteDatabase, terminateAll } from '../remote-database.browser.ts';

afterEach(terminateAll);

/** `expect.poll` waits one second by default, in which a busy machine may not become idle. */
const ON_A_BUSY_MACHINE = { timeout: 30_000 };

const freshName = (): string => `Test ${crypto.randomUUID()}`;

async function directoryOf(name: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return (await root.getDirectoryHandle('sqljs-vfs')).getDirectoryHandle(directoryName(name));
}

async function removeDatabase(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle('sqljs-vfs');
  // Refused while a worker has the files open; an idle worker closes them soon.
  await expect
    .poll(
      () => all.removeEntry(directoryName(name), { recursive: true }).then(() => 'removed', String),
      ON_A_BUSY_MACHINE,
    )
    .toBe('removed');
}

/** Reads a database's main file as it is stored. */
async function storedBytes(name: string): Promise<Uint8Array> {
  const directory = await directoryOf(name);
  for await (const entry of directory.values()) {
    const home = entry as FileSystemDirectoryHandle;
    return new Uint8Array(await (await (await home.getFileHandle('main')).getFile()).arrayBuffer());
  }
  throw new Error('no database id');
}

it('is STORAGE_UNAVAILABLE in a page, and the hint says to use a worker', async () => {
  const error = await openDatabase(opfsStorage(freshName())).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(VfsError);
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', hint: expect.stringContaining('worker') });
});

it('is STORAGE_UNAVAILABLE where the browser has no OPFS, and the hint names IndexedDB', async () => {
  Object.defineProperty(navigator.storage, 'getDirectory', { value: undefined, configurable: true });
  const error = await openDatabase(opfsStorage(freshName())).catch((failure: unknown) => failure);
  Reflect.deleteProperty(navigator.storage, 'getDirectory');
  expect(error).toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: 'this browser has no OPFS',
    hint: expect.stringContaining('IndexedDB'),
  });
});

it('opfs 3, lease 1: three workers see the commits of the others and lose nothing', async () => {
  const name = freshName();
  const workers = [];
  for (let index = 0; index < 3; index++) workers.push(await RemoteDatabase.open('opfs', name));
  await workers[0]?.write('CREATE TABLE t(who, n)');
  await Promise.all(workers.map((worker, index) => worker.insertRows('t', `w${index}`, 40)));
  for (const worker of workers) {
    expect(await worker.read('SELECT who, count(*), count(DISTINCT n) FROM t GROUP BY who')).toEqual([
      ['w0', 40, 40],
      ['w1', 40, 40],
      ['w2', 40, 40],
    ]);
    expect(await worker.read('PRAGMA integrity_check')).toEqual([['ok']]);
  }
});

it('opfs 3: SQLite drops its cache when another worker has committed', async () => {
  const name = freshName();
  const one = await RemoteDatabase.open('opfs', name);
  const other = await RemoteDatabase.open('opfs', name);
  await one.write('CREATE TABLE t(x); INSERT INTO t VALUES (0)');
  for (let round = 1; round <= 10; round++) {
    await (round % 2 ? other : one).write(`UPDATE t SET x = ${round}`);
    expect(await one.read('SELECT x FROM t')).toEqual([[round]]);
    expect(await other.read('SELECT x FROM t')).toEqual([[round]]);
  }
});

it("opfs 2: what the former holder left in the journal is flushed before a lease's first record", async () => {
  const name = freshName();
  const one = await RemoteDatabase.open('opfs', name);
  await one.write('CREATE TABLE t(x)');
  // The other worker takes the lease over, and gives it back for the calls that are observed.
  const other = await RemoteDatabase.open('opfs', name);
  await other.write('INSERT INTO t VALUES (1)');
  expect(await one.firstCalls('INSERT INTO t VALUES (2)')).toEqual(['flush', 'write']);
});

it('opfs 1: the next worker rolls back a transaction whose worker was killed', async () => {
  const name = freshName();
  const killed = await RemoteDatabase.open('opfs', name);
  await killed.write(
    'CREATE TABLE t(x, filler); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) ' +
      "INSERT INTO t SELECT 'before', randomblob(100) FROM n",
  );
  // A cache of ten pages makes SQLite write into the database before it commits.
  await killed.stop(
    "PRAGMA cache_size = 10; BEGIN IMMEDIATE; UPDATE t SET x = 'uncommitted', filler = randomblob(200)",
  );
  killed.terminate();
  await expect
    .poll(
      async () => new TextDecoder('latin1').decode(await storedBytes(name)).includes('uncommitted'),
      ON_A_BUSY_MACHINE,
    )
    .toBe(true);
  const next = await RemoteDatabase.open('opfs', name);
  expect(await next.read('SELECT x, count(*) FROM t GROUP BY x')).toEqual([['before', 2000]]);
  expect(await next.read('PRAGMA integrity_check')).toEqual([['ok']]);
});

it('lease 2: an idle worker releases the files, and a working one when another requests them', async () => {
  const name = freshName();
  const idle = await RemoteDatabase.open('opfs', name);
  await idle.write('CREATE TABLE t(x)');
  await expect
    .poll(
      async () => (await navigator.locks.query()).held?.some((lock) => lock.name?.endsWith(name)),
      ON_A_BUSY_MACHINE,
    )
    .toBe(false);
  await idle.write('INSERT INTO t VALUES (1)');
  const other = await RemoteDatabase.open('opfs', name);
  expect(await other.read('SELECT x FROM t')).toEqual([[1]]);
});

it('lease 3: an open transaction keeps the files, and other workers wait', async () => {
  const name = freshName();
  const holder = await RemoteDatabase.open('opfs', name);
  await holder.write('CREATE TABLE t(x)');
  await holder.read('BEGIN IMMEDIATE; INSERT INTO t VALUES (1)');
  const other = RemoteDatabase.open('opfs', name);
  expect(await Promise.race([other, new Promise((resolve) => setTimeout(resolve, 500, 'waiting'))])).toBe(
    'waiting',
  );
  await holder.read('INSERT INTO t VALUES (2); COMMIT');
  expect(await (await other).read('SELECT x FROM t')).toEqual([[1], [2]]);
});

it('lease 3: an exclusive owner keeps its log and its files until it closes', async () => {
  const name = freshName();
  const owner = await RemoteDatabase.open('opfs', name, true);
  await owner.write('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  const other = RemoteDatabase.open('opfs', name);
  expect(await Promise.race([other, new Promise((resolve) => setTimeout(resolve, 500, 'waiting'))])).toBe(
    'waiting',
  );
  await owner.close();
  expect(await (await other).read('SELECT x FROM t')).toEqual([[1]]);
  expect(await (await other).read('PRAGMA journal_mode')).toEqual([['truncate']]);
});

it('opfs 1: the log of an owner killed during a transaction is taken over, by a shared connection or a new owner', async () => {
  for (const exclusive of [false, true]) {
    const name = freshName();
    const killed = await RemoteDatabase.open('opfs', name, true);
    await killed.write('CREATE TABLE t(x)');
    await killed.write('INSERT INTO t VALUES (1)');
    // A cache of ten pages makes SQLite write into the log before it commits.
    await killed.stop(
      'PRAGMA cache_size = 10; BEGIN IMMEDIATE; INSERT INTO t VALUES (2); ' +
        'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) ' +
        'INSERT INTO t SELECT randomblob(1000) FROM n',
    );
    killed.terminate();
    const next = await RemoteDatabase.open('opfs', name, exclusive);
    expect(await next.read('SELECT x FROM t')).toEqual([[1]]);
    expect(await next.read('PRAGMA integrity_check')).toEqual([['ok']]);
    expect(await next.read('PRAGMA journal_mode')).toEqual([[exclusive ? 'wal' : 'truncate']]);
  }
});

it('opfs 5: a database that was removed, or replaced, is STORAGE_RESET for good', async () => {
  for (const replaced of [false, true]) {
    const name = freshName();
    const stale = await RemoteDatabase.open('opfs', name);
    await stale.write('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
    await removeDatabase(name);
    if (replaced) await (await RemoteDatabase.open('opfs', name)).write('CREATE TABLE t(x)');
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(stale.read('SELECT x FROM t')).rejects.toMatchObject({ code: 'STORAGE_RESET' });
      await expect(stale.write('INSERT INTO t VALUES (2)')).rejects.toMatchObject({ code: 'STORAGE_RESET' });
    }
    const fresh = await RemoteDatabase.open('opfs', name);
    expect(await fresh.read('SELECT count(*) FROM sqlite_schema')).toEqual([[replaced ? 1 : 0]]);
  }
});

it('stores an ordinary SQLite file at the path that the layout documents', async () => {
  const name = `${freshName()} Ünïcode/../%`;
  const remote = await RemoteDatabase.open('opfs', name);
  await remote.write('CREATE TABLE t(x)');
  await remote.close();
  expect(new TextDecoder().decode((await storedBytes(name)).subarray(0, 15))).toBe('SQLite format 3');
  expect(directoryName('Aa.é%/-_0')).toBe('db-%41a%2e%c3%a9%25%2f-_0');
});

it('refuses a directory of another layout and leaves it untouched', async () => {
  const name = freshName();
  await (await RemoteDatabase.open('opfs', name)).close();
  const directory = await directoryOf(name);
  await directory.getDirectoryHandle('something else', { create: true });
  await expect(RemoteDatabase.open('opfs', name)).rejects.toMatchObject({ code: 'UNREADABLE_STORAGE' });
});
