/** Encrypted databases in the browser's IndexedDB: what is stored, which keys open them, and what is refused. */
import { afterEach, expect, it } from 'vitest';
import { type DurableDatabase, type EncryptionKey, openDatabase } from '../../src/index.ts';
import {
  changeIndexedDbKey,
  deriveIndexedDbKey,
  indexedDbStorage,
} from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { intercept } from '../failing/one-fault.browser.ts';
import { RemoteDatabase, terminateAll } from '../remote-database.browser.ts';
import { KEY, storedRecords } from './encrypted-storage.browser.ts';

afterEach(terminateAll);

const MARKER = 'a text that only rows have';
/** A commit of more than 8 MiB, which writes its extents itself. */
const FILL =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) ' +
  `INSERT INTO t SELECT '${MARKER}' || hex(zeroblob(500000)) FROM n`;

function open(name: string, key?: EncryptionKey, create: boolean = true): Promise<DurableDatabase> {
  return openDatabase(indexedDbStorage(name, { durability: 'relaxed', create }), {
    ...(key !== undefined && { key }),
  });
}

function run(database: DurableDatabase, sql: string): Promise<void> {
  return database.writeTransaction(() => void database.database.exec(sql));
}

function rows(database: DurableDatabase, sql: string): Promise<unknown[][]> {
  return database.readTransaction(() => database.database.exec(sql)[0]?.values ?? []);
}

/** Makes a database: extents, unless it is small, and a commit. */
async function makeDatabase(
  key?: EncryptionKey,
  size?: 'small',
): Promise<{ name: string; database: DurableDatabase }> {
  const name = crypto.randomUUID();
  const database = await open(name, key);
  await run(database, 'CREATE TABLE t(x)');
  if (!size) await run(database, FILL);
  await run(database, `INSERT INTO t VALUES ('${MARKER}')`);
  return { name, database };
}

/** Returns every byte and every text that is stored, by its key. */
async function storedContent(name: string): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  for (const [key, value] of await storedRecords(name)) content.set(JSON.stringify(key), await textOf(value));
  return content;
}

async function textOf(value: unknown): Promise<string> {
  const latin1 = (bytes: ArrayBuffer | Uint8Array): string => new TextDecoder('latin1').decode(bytes);
  if (value instanceof Blob) return latin1(await value.arrayBuffer());
  if (value instanceof ArrayBuffer || value instanceof Uint8Array) return latin1(value);
  if (typeof value !== 'object' || value === null) return String(value);
  let text = '';
  for (const [name, field] of Object.entries(value)) text += ` ${name}=${await textOf(field)}`;
  return text;
}

it.each([
  ['without a key', undefined, ['extent', 'commit']],
  ['with a key', KEY, []],
] as const)('%s, these kinds of records hold rows in clear', async (_, key, kinds) => {
  const { name } = await makeDatabase(key);
  const stored = await storedContent(name);
  const found = [...stored].filter(([, text]) => text.includes(MARKER)).map(([record]) => record);
  expect(new Set(found.map((record) => (JSON.parse(record) as unknown[])[0]))).toEqual(new Set(kinds));
  expect([...stored].some(([, text]) => text.includes('SQLite format 3'))).toBe(key === undefined);
  expect([...stored.keys()].filter((record) => record.startsWith('["extent"'))).toHaveLength(9);
});

const KEYS: readonly (readonly [kind: string, make: () => EncryptionKey | Promise<EncryptionKey>])[] = [
  ['32 bytes', () => KEY],
  ['a passphrase', () => 'correct horse battery staple'],
  [
    'a CryptoKey that cannot be extracted',
    () => crypto.subtle.importKey('raw', KEY, 'AES-GCM', false, ['encrypt', 'decrypt']),
  ],
];

it.each(KEYS)(
  '%s opens a database again, in a page and in a worker that reads on demand',
  async (_, makeKey) => {
    const key = await makeKey();
    const { name, database } = await makeDatabase(key);
    const cacheSizeBytes = 1024 * 1024;
    const remote = await RemoteDatabase.open('indexeddb', name, false, { cacheSizeBytes }, key);
    expect(await remote.memoryBytes()).toBeLessThan(cacheSizeBytes);
    expect(await remote.capabilities()).toMatchObject({ pagesInMemory: 'cache', encryption: 'AES-256-GCM' });
    expect(await remote.read('SELECT count(*), sum(length(x)) > 9000000 FROM t')).toEqual([[10, 1]]);
    expect(await remote.memoryBytes()).toBeLessThanOrEqual(2 * cacheSizeBytes);
    await remote.write("INSERT INTO t VALUES ('by the worker')");
    expect(await rows(database, 'SELECT count(*) FROM t')).toEqual([[11]]);
    await run(database, "INSERT INTO t VALUES ('by the page')");
    expect(await remote.read('PRAGMA integrity_check')).toEqual([['ok']]);
    const again = await open(name, key);
    expect(await rows(again, 'SELECT count(*) FROM t')).toEqual([[12]]);
  },
);

it.each([
  ['another key', KEY, new Uint8Array(32).fill(8), 'WRONG_KEY'],
  ['a passphrase for a key of bytes', KEY, 'passphrase', 'WRONG_KEY'],
  ['another passphrase', 'passphrase', 'Passphrase', 'WRONG_KEY'],
  ['bytes for a passphrase', 'passphrase', KEY, 'WRONG_KEY'],
  ['no key', KEY, undefined, 'KEY_REQUIRED'],
  ['a key for a plain database', undefined, KEY, 'WRONG_KEY'],
] as const)('refuses %s, and leaves everything as it is', async (_, key, otherKey, code) => {
  const { name, database } = await makeDatabase(key, 'small');
  database.close();
  const before = await storedContent(name);
  await expect(open(name, otherKey)).rejects.toMatchObject({ name: 'VfsError', code });
  await expect(
    RemoteDatabase.open('indexeddb', name, false, {}, otherKey as EncryptionKey),
  ).rejects.toMatchObject({ code });
  expect(await storedContent(name)).toEqual(before);
  expect(await rows(await open(name, key), 'SELECT count(*) FROM t')).toEqual([[1]]);
});

it('makes nothing for a key when the database is missing and is not to be made', async () => {
  await expect(open(crypto.randomUUID(), KEY, false)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('two tabs that make a database at once have the same one, and the second key is refused', async () => {
  const name = crypto.randomUUID();
  const both = await Promise.all([open(name, KEY), open(name, KEY)]);
  await run(both[0], 'CREATE TABLE t(x)');
  await run(both[1], 'INSERT INTO t VALUES (1)');
  expect(await rows(both[0], 'SELECT x FROM t')).toEqual([[1]]);
  await expect(open(name, 'passphrase')).rejects.toMatchObject({ code: 'WRONG_KEY' });
});

it.each([
  [[], /CryptoKey/],
  [new Uint8Array(16), /16 bytes/],
  ['', /empty/],
])('refuses %o as a key', async (key, message) => {
  await expect(open(crypto.randomUUID(), key as EncryptionKey)).rejects.toThrow(message);
});

it('refuses a CryptoKey that cannot decrypt, or is for something else', async () => {
  const onlyEncrypts = await crypto.subtle.importKey('raw', KEY, 'AES-GCM', false, ['encrypt']);
  const otherCipher = await crypto.subtle.importKey('raw', KEY, 'AES-CBC', false, ['encrypt', 'decrypt']);
  const short = await crypto.subtle.importKey('raw', KEY.slice(16), 'AES-GCM', false, ['encrypt', 'decrypt']);
  for (const key of [onlyEncrypts, otherCipher, short])
    await expect(open(crypto.randomUUID(), key)).rejects.toThrow('AES-GCM with 256 bits');
});

it('a database that was made again with another key is STORAGE_RESET for who has it open', async () => {
  const { name, database } = await makeDatabase(KEY, 'small');
  await new Promise((resolve) => {
    indexedDB.deleteDatabase(name).addEventListener('success', resolve);
  });
  const other = await open(name, 'passphrase');
  await run(other, 'CREATE TABLE other(x)');
  await expect(rows(database, 'SELECT 1 FROM t')).rejects.toMatchObject({ code: 'STORAGE_RESET' });
  await expect(run(database, 'INSERT INTO t VALUES (1)')).rejects.toMatchObject({ code: 'STORAGE_RESET' });
  expect(await rows(other, 'SELECT name FROM sqlite_schema')).toEqual([['other']]);
});

it('a damaged Blob is CORRUPT once its chunk is read, and the message names the extent', async () => {
  const { name, database } = await makeDatabase(KEY);
  database.close();
  const connection = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(name);
    request.addEventListener('success', () => resolve(request.result));
  });
  const get = connection.transaction('pages').objectStore('pages').get(['extent', 4]);
  await new Promise((resolve) => get.addEventListener('success', resolve));
  const record = get.result as { readonly content: Blob };
  const bytes = new Uint8Array(await record.content.arrayBuffer());
  bytes[500_000] = (bytes[500_000] ?? 0) ^ 1;
  const write = connection.transaction('pages', 'readwrite');
  write.objectStore('pages').put({ ...record, content: new Blob([bytes]) }, ['extent', 4]);
  await new Promise((resolve) => write.addEventListener('complete', resolve));
  connection.close();
  const damaged = { code: 'CORRUPT', message: expect.stringContaining('extent 4') as string };
  const remote = await RemoteDatabase.open('indexeddb', name, false, {}, KEY);
  // What the damage does not touch can still be read.
  expect(await remote.read('SELECT count(*) FROM sqlite_schema')).toEqual([[1]]);
  await expect(remote.read('SELECT sum(length(x || 1)) FROM t')).rejects.toMatchObject(damaged);
  await expect(open(name, KEY)).rejects.toMatchObject(damaged);
});

/** True when the text of the rows can be found in what is stored. */
async function isInClear(name: string): Promise<boolean> {
  return [...(await storedContent(name)).values()].some((text) => text.includes(MARKER));
}

it.each([
  ['encrypts a plain database', undefined, 'passphrase'],
  ['decrypts an encrypted one', KEY, undefined],
] as const)('%s: the content stays, and what has it open is STORAGE_RESET', async (_, key, newKey) => {
  const { name, database } = await makeDatabase(key);
  const remote = await RemoteDatabase.open('indexeddb', name, false, {}, key);
  const rowsBefore = await rows(database, 'SELECT rowid, x FROM t');
  await changeIndexedDbKey(name, { key, newKey });
  expect(await isInClear(name)).toBe(newKey === undefined);
  const kinds = [...(await storedContent(name)).keys()].map((record) => record.split(',')[0]);
  expect(kinds.filter((kind) => kind === '["commit"')).toEqual([]);
  await expect(remote.write("INSERT INTO t VALUES ('late')")).rejects.toMatchObject({
    code: 'STORAGE_RESET',
  });
  await expect(rows(database, 'SELECT 1')).rejects.toMatchObject({ code: 'STORAGE_RESET' });
  await expect(open(name, key)).rejects.toMatchObject({ code: newKey ? 'KEY_REQUIRED' : 'WRONG_KEY' });
  const again = await open(name, newKey);
  expect(await rows(again, 'SELECT rowid, x FROM t')).toEqual(rowsBefore);
  await run(again, "INSERT INTO t VALUES ('later')");
  expect(await rows(again, 'PRAGMA integrity_check')).toEqual([['ok']]);
});

it('gives an encrypted database another key while tabs that have it open go on', async () => {
  const { name, database } = await makeDatabase('first passphrase', 'small');
  const remote = await RemoteDatabase.open('indexeddb', name, false, {}, 'first passphrase');
  await changeIndexedDbKey(name, { key: 'first passphrase', newKey: KEY });
  // An old meta record in the memory of a tab must not bring the old key back.
  await remote.write("INSERT INTO t VALUES ('by a worker')");
  await run(database, "INSERT INTO t VALUES ('by the page')");
  await expect(open(name, 'first passphrase')).rejects.toMatchObject({ code: 'WRONG_KEY' });
  expect(await rows(await open(name, KEY), 'SELECT x FROM t')).toEqual([
    [MARKER],
    ['by a worker'],
    ['by the page'],
  ]);
});

it.each([
  ['another key', 'wrong', 'WRONG_KEY'],
  ['no key', undefined, 'KEY_REQUIRED'],
] as const)('changes nothing with %s for the present one', async (_, key, code) => {
  const { name } = await makeDatabase('passphrase', 'small');
  const before = await storedContent(name);
  await expect(changeIndexedDbKey(name, { key, newKey: KEY })).rejects.toMatchObject({ code });
  expect(await storedContent(name)).toEqual(before);
});

it('a change that the browser aborts leaves the database as it was', async () => {
  const { name, database } = await makeDatabase();
  database.close();
  const before = await storedContent(name);
  let puts = 0;
  const restore = intercept(IDBObjectStore, ['put'], (self, _given, original) => {
    const { transaction } = self as IDBObjectStore;
    if (++puts === 5) queueMicrotask(() => transaction.abort());
    return original();
  });
  await expect(changeIndexedDbKey(name, { key: undefined, newKey: KEY })).rejects.toMatchObject({
    resultCode: 10,
  });
  restore();
  expect(await storedContent(name)).toEqual(before);
});

it('derives a key from a passphrase that opens the database, and cannot be extracted', async () => {
  const { name } = await makeDatabase('passphrase', 'small');
  const key = await deriveIndexedDbKey(name, 'passphrase');
  expect(key).toMatchObject({ extractable: false });
  expect(await rows(await open(name, key), 'SELECT x FROM t')).toEqual([[MARKER]]);
  await expect(deriveIndexedDbKey(name, 'Passphrase')).rejects.toMatchObject({ code: 'WRONG_KEY' });
  await expect(deriveIndexedDbKey(crypto.randomUUID(), 'any')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const other = await makeDatabase(KEY, 'small');
  await expect(deriveIndexedDbKey(other.name, 'any')).rejects.toMatchObject({ code: 'WRONG_KEY' });
});
