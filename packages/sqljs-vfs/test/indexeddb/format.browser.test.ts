/** What lies in IndexedDB: extents, commits after them, and every shape a file can take on the way. */
import { afterEach, expect, it, vi } from 'vitest';
import { type DurableDatabase, openDatabase } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/indexeddb.browser.ts';
import { EXTENT_SIZE_BYTES, type StoreMeta } from '../../src/storages/indexeddb/layout.browser.ts';

afterEach(() => void vi.restoreAllMocks());

const open = (name: string): Promise<DurableDatabase> =>
  openDatabase(indexedDbStorage(name, { durability: 'relaxed' }));

function run(database: DurableDatabase, sql: string): Promise<void> {
  return database.writeTransaction(() => void database.database.exec(sql));
}

function rows(database: DurableDatabase, sql: string): Promise<unknown[][]> {
  return database.readTransaction(() => database.database.exec(sql)[0]?.values ?? []);
}

/** Opens the IndexedDB database underneath, making it as the storage does where it is missing. */
function underneath(name: string): Promise<IDBDatabase> {
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

async function look(name: string): Promise<Stored> {
  const connection = await underneath(name);
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
  readonly value: { readonly base64?: string; readonly bytes?: { readonly base64?: string } };
}

/** Puts a stored database back as it was. @returns its name */
async function restored(fixture: string): Promise<string> {
  const name = crypto.randomUUID();
  const response = await fetch(new URL(`../fixtures/${fixture}`, import.meta.url));
  const entries = (await response.json()) as FixtureEntry[];
  const connection = await underneath(name);
  const transaction = connection.transaction('pages', 'readwrite');
  for (const { key, value } of entries) transaction.objectStore('pages').put(withBytes(value), key);
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  connection.close();
  return name;
}

/** JSON has no bytes: `{ base64 }` stands for them. */
function withBytes(value: FixtureEntry['value']): unknown {
  if (value.base64 !== undefined) {
    return Uint8Array.from(atob(value.base64), (char) => char.codePointAt(0) ?? 0).buffer;
  }
  return value.bytes ? { ...value, bytes: withBytes(value.bytes) } : value;
}

async function expectNotes(database: DurableDatabase): Promise<void> {
  expect(await rows(database, 'PRAGMA integrity_check')).toEqual([['ok']]);
  expect(await rows(database, 'SELECT count(*) FROM note')).toEqual([[501]]);
  expect(await rows(database, 'SELECT text FROM note WHERE id IN (1, 2, 3, 501) ORDER BY id')).toEqual([
    ['changed after the fold'],
    ['updated 62 2'],
    ['note 3'],
    ['after the fold'],
  ]);
}

it.each([1, 2])('opens a database stored in format %d', async (format) => {
  const name = await restored(`indexeddb-format-${format}.json`);
  const database = await open(name);
  await expectNotes(database);
  await run(database, "INSERT INTO note VALUES (502, 'by the newest code')");
  expect(await rows(await open(name), 'SELECT count(*) FROM note')).toEqual([[502]]);
});

it('rewrites format 1 in one transaction: all of it, or it stays as it was', async () => {
  const name = await restored('indexeddb-format-1.json');
  const before = await look(name);
  expect(before).toMatchObject({ meta: { format: 1 }, commits: 2, extents: 1 });
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function full(
    this: IDBObjectStore,
    value,
    key,
  ) {
    if (key === 'meta') throw new DOMException('no', 'QuotaExceededError');
    return put.call(this, value, key);
  });
  await expect(open(name)).rejects.toMatchObject({ resultCode: 13 });
  expect(await look(name)).toEqual(before);
  vi.restoreAllMocks();
  const both = await Promise.all([open(name), open(name)]);
  expect(await look(name)).toMatchObject({
    meta: { ...before.meta, format: 2, foldedVersion: before.meta.version, unfoldedBytes: 0 },
    commits: 0,
    extents: 1,
  });
  for (const database of both) await expectNotes(database);
});

it('indexeddb 6: commits are folded into extents; whoever missed the fold loads anew', async () => {
  const name = crypto.randomUUID();
  const writer = await open(name);
  await run(writer, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  const lagging = await open(name);
  expect(await rows(lagging, 'SELECT count(*) FROM t')).toEqual([[0]]);
  // 40 commits of 64 KiB and more: over the two mebibytes at which they are folded.
  for (let id = 1; id <= 40; id++) await run(writer, `INSERT INTO t VALUES (${id}, randomblob(65536))`);
  // Steps are taken while nobody asks for anything.
  await expect.poll(async () => (await look(name)).meta.foldedVersion).toBe(41);
  const { meta, commits, extents } = await look(name);
  expect(meta.unfoldedBytes).toBe(0);
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

it('indexeddb 6: another connection folding meanwhile does not stop a commit', async () => {
  const name = crypto.randomUUID();
  const [one, other] = [await open(name), await open(name)];
  await run(one, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  for (let id = 1; id <= 60; id++)
    await run(id % 2 ? one : other, `INSERT INTO t VALUES (${id}, randomblob(65536))`);
  await expect.poll(async () => (await look(name)).meta.foldedVersion).toBeGreaterThan(1);
  for (const database of [one, other, await open(name)]) {
    expect(await rows(database, 'SELECT count(*) FROM t')).toEqual([[60]]);
    expect(await rows(database, 'PRAGMA integrity_check')).toEqual([['ok']]);
  }
});

it('indexeddb 6: who never pauses folds in between, so that what opening has to read stays short', async () => {
  const name = crypto.randomUUID();
  const database = await open(name);
  await run(database, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  await run(database, 'INSERT INTO t VALUES (1, randomblob(524288))');
  const writes = Array.from({ length: 64 }, () =>
    run(database, 'UPDATE t SET filler = randomblob(524288) WHERE id = 1'),
  );
  await Promise.all(writes);
  const { meta } = await look(name);
  expect(meta.version).toBe(66);
  expect(meta.foldedVersion).toBeGreaterThan(1);
  // 32 MiB have been written. From 12 on, commits wait.
  expect(meta.unfoldedBytes).toBeLessThan(14 * 1024 * 1024);
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
    expect((await look(name)).meta.sizeBytes).toBe(smallBytes);
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

it('loads a database of fifty megabytes, and folds what it writes', async () => {
  const name = crypto.randomUUID();
  const writer = await open(name);
  await run(writer, 'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)');
  for (let id = 1; id <= 50; id++) await run(writer, `INSERT INTO t VALUES (${id}, randomblob(1000000))`);
  await expect.poll(async () => (await look(name)).extents).toBeGreaterThan(30);
  const { meta, extents } = await look(name);
  expect(meta.sizeBytes).toBeGreaterThan(50_000_000);
  expect(extents * EXTENT_SIZE_BYTES).toBeGreaterThan(30_000_000);
  const reader = await open(name);
  expect(await rows(reader, 'SELECT count(*), sum(length(filler)) FROM t')).toEqual([[50, 50_000_000]]);
  expect(await rows(reader, 'PRAGMA quick_check')).toEqual([['ok']]);
  writer.close();
  reader.close();
  indexedDB.deleteDatabase(name);
});
