/** The stored format: extents, the commits after them, and files of every shape. */
import { expect, it } from 'vitest';
import { type DurableDatabase, openDatabase, ResultCode } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import type { StoreMeta } from '../../src/storages/indexeddb/commit-store.ts';
import { EXTENT_SIZE_BYTES, type ExtentFormat } from '../../src/storages/indexeddb/extents.ts';
import { intercept } from '../failing/one-fault.browser.ts';
import { RemoteDatabase } from '../remote-database.browser.ts';

/** `expect.poll` waits one second by default, in which a busy machine may not become idle. */
const ON_A_BUSY_MACHINE = { timeout: 30_000 };

const open = (name: string): Promise<DurableDatabase> =>
  openDatabase(indexedDbStorage(name, { durability: 'relaxed' }));

function run(database: DurableDatabase, sql: string): Promise<void> {
  return database.writeTransaction(() => void database.database.exec(sql));
}

function rows(database: DurableDatabase, sql: string): Promise<unknown[][]> {
  return database.readTransaction(() => database.database.exec(sql)[0]?.values ?? []);
}

/** Opens the IndexedDB database itself. Makes it, as the storage does, where it is missing. */
function openStore(name: string): Promise<IDBDatabase> {
  return new Promise((resolve) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore('pages'));
    request.addEventListener('success', () => resolve(request.result));
  });
}

interface Stored {
  readonly meta: StoreMeta;
  readonly commits: number;
  readonly extents: number;
}

async function readStored(name: string): Promise<Stored> {
  const connection = await openStore(name);
  const transaction = connection.transaction('pages');
  const store = transaction.objectStore('pages');
  const [meta, keys] = [store.get('meta'), store.getAllKeys()];
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  connection.close();
  const kinds = keys.result.map((key) => (Array.isArray(key) ? key[0] : key) as unknown);
  return {
    meta: meta.result as StoreMeta,
    commits: kinds.filter((kind) => kind === 'commit').length,
    extents: kinds.filter((kind) => kind === 'extent').length,
  };
}

interface FixtureEntry {
  readonly key: IDBValidKey;
  readonly value: {
    readonly base64?: string;
    readonly content?: { readonly blob: string };
    readonly extentFormat?: ExtentFormat;
  };
}

/**
 * Stores the content of a fixture, with extents in this form.
 * @param lostBytes - number of bytes that the end of each extent lacks
 * @returns the name of the database
 */
async function restoreFixture(fixture: string, format: ExtentFormat, lostBytes: number = 0): Promise<string> {
  const name = crypto.randomUUID();
  const response = await fetch(new URL(`../fixtures/${fixture}`, import.meta.url));
  const entries = (await response.json()) as FixtureEntry[];
  const connection = await openStore(name);
  const transaction = connection.transaction('pages', 'readwrite');
  for (const { key, value } of entries)
    transaction.objectStore('pages').put(restored(value, format, lostBytes), key);
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  connection.close();
  return name;
}

/** Restores bytes, which the fixture holds as base64. */
function restored(value: FixtureEntry['value'], format: ExtentFormat, lostBytes: number): unknown {
  if (value.base64 !== undefined) return bytesOf(value.base64);
  if (value.extentFormat) return { ...value, extentFormat: format };
  if (!value.content) return value;
  const whole = bytesOf(value.content.blob);
  const bytes = whole.slice(0, whole.byteLength - lostBytes);
  return { ...value, content: format === 'Blob' ? new Blob([bytes]) : bytes };
}

function bytesOf(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (char) => char.codePointAt(0) ?? 0).buffer;
}

async function expectNotes(database: DurableDatabase): Promise<void> {
  expect(await rows(database, 'PRAGMA integrity_check')).toEqual([['ok']]);
  expect(await rows(database, 'SELECT count(*) FROM note')).toEqual([[501]]);
  expect(await rows(database, 'SELECT text FROM note WHERE id IN (1, 2, 3, 501) ORDER BY id')).toEqual([
    ['changed after the checkpoint'],
    ['note 2'],
    ['note 3'],
    ['after the checkpoint'],
  ]);
}

it.each(['Blob', 'ArrayBuffer'] as const)(
  'opens a database stored in format 2 with extents as %ss, in a page and in a worker',
  async (format) => {
    const name = await restoreFixture('indexeddb-format-2.json', format);
    const remote = await RemoteDatabase.open('indexeddb', name);
    expect(await remote.read('SELECT count(*) FROM note')).toEqual([[501]]);
    const database = await open(name);
    expect(database.storage.capabilities).toMatchObject({ pagesInMemory: 'all', extentFormat: format });
    await expectNotes(database);
    await run(database, "INSERT INTO note VALUES (502, 'by the newest code')");
    await remote.write("INSERT INTO note VALUES (503, 'by a worker')");
    expect(await rows(await open(name), 'SELECT count(*) FROM note')).toEqual([[503]]);
    expect(await remote.read('PRAGMA integrity_check')).toEqual([['ok']]);
    expect(await remote.capabilities()).toMatchObject({
      pagesInMemory: format === 'Blob' ? 'cache' : 'all',
      extentFormat: format,
    });
    remote.terminate();
  },
);

it.each(['Blob', 'ArrayBuffer'] as const)(
  'refuses an extent in a %s that lacks a part, and reads no zeros for it',
  async (format) => {
    const name = await restoreFixture('indexeddb-format-2.json', format, 8192);
    await expect(open(name)).rejects.toMatchObject({ resultCode: ResultCode.IOERR });
    await expect(RemoteDatabase.open('indexeddb', name)).rejects.toThrow('12288 bytes instead of 20480');
  },
);

/** Ways in which a browser refuses a Blob. */
const refusals: Readonly<Record<string, (store: IDBObjectStore, original: () => unknown) => unknown>> = {
  'aborts a transaction that stores a Blob': (store, original) => {
    queueMicrotask(() => store.transaction.abort());
    return original();
  },
  // WebKit's ephemeral sessions do so. The request fails, and no other one tells of it.
  'completes a transaction without the Blob that it has refused': (store) => {
    const request = store.get('no such key');
    const reason = new DOMException('Error preparing Blob/File data to be stored', 'UnknownError');
    Object.defineProperty(request, 'error', { value: reason });
    request.addEventListener('success', (event) => {
      event.stopImmediatePropagation();
      request.dispatchEvent(new Event('error'));
    });
    return request;
  },
};

it.each(Object.entries(refusals))(
  'keeps extents as ArrayBuffers where the browser %s',
  async (_, refusal) => {
    const refuse = intercept(IDBObjectStore, ['put'], (self, [value], original) => {
      const content = (value as { readonly content?: unknown }).content ?? value;
      return content instanceof Blob ? refusal(self as IDBObjectStore, original) : original();
    });
    try {
      const name = crypto.randomUUID();
      const database = await open(name);
      expect(database.storage.capabilities).toMatchObject({
        pagesInMemory: 'all',
        extentFormat: 'ArrayBuffer',
      });
      await run(database, 'CREATE TABLE t(x)');
      // A commit of more than 8 MiB writes its extents itself.
      await run(database, 'INSERT INTO t VALUES (randomblob(9000000))');
      expect((await readStored(name)).extents).toBe(9);
      await run(database, 'INSERT INTO t VALUES (1)');
      const fresh = await open(name);
      expect(await rows(fresh, 'SELECT count(*), max(length(x)) FROM t')).toEqual([[2, 9_000_000]]);
      expect(await rows(fresh, 'PRAGMA integrity_check')).toEqual([['ok']]);
    } finally {
      refuse();
    }
  },
);

it('indexeddb 6: a checkpoint writes commits into extents; a connection that missed it loads the file again', async () => {
  const name = crypto.randomUUID();
  const writer = await open(name);
  await run(writer, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  const lagging = await open(name);
  expect(await rows(lagging, 'SELECT count(*) FROM t')).toEqual([[0]]);
  // 20 commits of 64 KiB, and then as much in one: only with the last are the commits above the soft limit of 2 MiB.
  for (let id = 1; id <= 20; id++) await run(writer, `INSERT INTO t VALUES (${id}, randomblob(65536))`);
  await run(writer, 'INSERT INTO t SELECT id + 20, randomblob(65536) FROM t');
  // The steps are taken while the connection is idle.
  await expect
    .poll(async () => (await readStored(name)).meta.checkpointedVersion, ON_A_BUSY_MACHINE)
    .toBe(22);
  const { meta, commits, extents } = await readStored(name);
  expect(meta.uncheckpointedBytes).toBe(0);
  expect(commits).toBe(0);
  expect(extents).toBe(Math.ceil(meta.sizeBytes / EXTENT_SIZE_BYTES));
  for (const reader of [lagging, await open(name)]) {
    expect(await rows(reader, 'SELECT count(*), sum(length(filler)) FROM t')).toEqual([[40, 40 * 65_536]]);
    expect(await rows(reader, 'PRAGMA integrity_check')).toEqual([['ok']]);
  }
  await run(lagging, 'DELETE FROM t WHERE id <= 20');
  await run(writer, "INSERT INTO t VALUES (41, 'after')");
  expect(await rows(lagging, 'SELECT count(*) FROM t')).toEqual([[21]]);
  expect(await rows(await open(name), 'PRAGMA integrity_check')).toEqual([['ok']]);
});

it('indexeddb 6: a checkpoint by another connection does not fail a commit', async () => {
  const name = crypto.randomUUID();
  const [one, other] = [await open(name), await open(name)];
  await run(one, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  for (let id = 1; id <= 60; id++)
    await run(id % 2 ? one : other, `INSERT INTO t VALUES (${id}, randomblob(65536))`);
  await expect
    .poll(async () => (await readStored(name)).meta.checkpointedVersion, ON_A_BUSY_MACHINE)
    .toBeGreaterThan(1);
  for (const database of [one, other, await open(name)]) {
    expect(await rows(database, 'SELECT count(*) FROM t')).toEqual([[60]]);
    expect(await rows(database, 'PRAGMA integrity_check')).toEqual([['ok']]);
  }
});

it('indexeddb 6: a connection that is never idle takes checkpoint steps between commits, so that few commits wait', async () => {
  const name = crypto.randomUUID();
  const database = await open(name);
  await run(database, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  await run(database, 'INSERT INTO t VALUES (1, randomblob(524288))');
  const writes = Array.from({ length: 64 }, () =>
    run(database, 'UPDATE t SET filler = randomblob(524288) WHERE id = 1'),
  );
  await Promise.all(writes);
  const { meta } = await readStored(name);
  expect(meta.version).toBe(66);
  expect(meta.checkpointedVersion).toBeGreaterThan(1);
  // 32 MiB have been written. Above the blocking limit of 12 MiB, commits wait for the checkpoint.
  expect(meta.uncheckpointedBytes).toBeLessThan(14 * 1024 * 1024);
  expect(await rows(await open(name), 'PRAGMA integrity_check')).toEqual([['ok']]);
});

it.each([512, 1024, 4096, 16_384, 65_536])(
  'keeps pages of %d bytes through VACUUM, shrinking and growing',
  async (pageSizeBytes) => {
    const name = crypto.randomUUID();
    const database = await open(name);
    const fill = (count: number): Promise<void> =>
      run(
        database,
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) ` +
          "INSERT INTO t SELECT 'word ' || i, randomblob(200) FROM n",
      );
    await run(
      database,
      `PRAGMA page_size = ${pageSizeBytes}; CREATE TABLE t(word, filler); CREATE INDEX t_word ON t(word)`,
    );
    await fill(3000);
    const largeBytes = await database.readTransaction(() => database.sizeBytes());
    await run(database, 'DELETE FROM t WHERE rowid % 100 > 0');
    await run(database, 'VACUUM');
    const smallBytes = await database.readTransaction(() => database.sizeBytes());
    expect(smallBytes).toBeLessThan(largeBytes / 4);
    expect((await readStored(name)).meta.sizeBytes).toBe(smallBytes);
    const shrunk = await open(name);
    expect(await rows(shrunk, 'SELECT count(*) FROM t')).toEqual([[30]]);
    await fill(3000);
    for (const reader of [database, shrunk, await open(name)]) {
      expect(await rows(reader, 'SELECT count(*) FROM t')).toEqual([[3030]]);
      expect(await rows(reader, 'PRAGMA page_size')).toEqual([[pageSizeBytes]]);
      expect(await rows(reader, 'PRAGMA integrity_check')).toEqual([['ok']]);
    }
  },
);

it('loads a database of fifty megabytes, and writes it into extents', async () => {
  const name = crypto.randomUUID();
  const writer = await open(name);
  await run(writer, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  for (let id = 1; id <= 50; id++) await run(writer, `INSERT INTO t VALUES (${id}, randomblob(1000000))`);
  await expect.poll(async () => (await readStored(name)).extents, ON_A_BUSY_MACHINE).toBeGreaterThan(30);
  const { meta, extents } = await readStored(name);
  expect(meta.sizeBytes).toBeGreaterThan(50_000_000);
  expect(extents * EXTENT_SIZE_BYTES).toBeGreaterThan(30_000_000);
  const reader = await open(name);
  expect(await rows(reader, 'SELECT count(*), sum(length(filler)) FROM t')).toEqual([[50, 50_000_000]]);
  expect(await rows(reader, 'PRAGMA quick_check')).toEqual([['ok']]);
  writer.close();
  reader.close();
  indexedDB.deleteDatabase(name);
});

it('makes checkpoints strict in a relaxed database, whose commits stay relaxed', async () => {
  const seen: (readonly [durability: string | undefined, stores: 'extents' | 'commit'])[] = [];
  const durabilities = new WeakMap<IDBTransaction, string | undefined>();
  const restoreBegin = intercept(IDBDatabase, ['transaction'], (_, [, , options], original) => {
    const transaction = original() as IDBTransaction;
    durabilities.set(transaction, (options as IDBTransactionOptions | undefined)?.durability);
    return transaction;
  });
  const restorePut = intercept(IDBObjectStore, ['put'], (self, [, key], original) => {
    const [kind] = key as [string];
    const { transaction } = self as IDBObjectStore;
    // A checkpoint of an earlier test may still be under way.
    if (!durabilities.has(transaction)) return original();
    const durability = durabilities.get(transaction);
    if (kind === 'extent') seen.push([durability, 'extents']);
    if (kind === 'commit') seen.push([durability, 'commit']);
    return original();
  });
  try {
    const storage = indexedDbStorage(crypto.randomUUID(), { durability: 'relaxed' });
    const database = await openDatabase(storage);
    await run(database, 'CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)');
    // More than a commit may hold as a record, so it writes its extents itself.
    await run(
      database,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
       INSERT INTO note SELECT i, printf('%.*c', 1000000, 'x') FROM n`,
    );
    database.close();
  } finally {
    restorePut();
    restoreBegin();
  }
  expect(new Set(seen.map((each) => each.join()))).toEqual(new Set(['relaxed,commit', 'strict,extents']));
});
