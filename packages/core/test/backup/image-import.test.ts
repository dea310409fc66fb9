/** Import of images with another page size or text encoding, into shared and exclusive databases. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Persistence, PersistenceError } from '../../src/index.ts';
import { receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { forge } from '../support/forged-backup.ts';
import { type TestDatabase, createTestDatabase, nativeSqlite } from '../support/test-database.ts';

describe('an image of another program', () => {
  const rowsOf = async (db: Persistence): Promise<unknown> => [
    await db.queryReceipts(),
    await db.queryMemory(),
    (await db.info()).otherTables,
  ];

  it.for([
    [['CREATE TABLE bookmarks(url)', "INSERT INTO bookmarks VALUES ('x')"], /it holds "bookmarks"$/],
    [['CREATE TABLE t(x)', 'DROP TABLE t'], /it holds no tables$/],
    [
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `CREATE TABLE "my ${name}"(x)`),
      /it holds "my a", "my b", "my c", "my d", "my e" and 2 more$/,
    ],
    [['CREATE TABLE receipts(id, total)'], /the table receipts has no column receipt_id/],
    [['CREATE VIEW receipts AS SELECT 1 AS x'], /receipts/],
    // Its tables were dropped: only the record of their migration is left.
    [['CREATE TABLE _schema_metadata(key TEXT PRIMARY KEY, value TEXT, updated_at)'], /none of the tables/],
  ] as const)('is refused by what it holds, and nothing changes: %s', async ([statements, message]) => {
    const database = createTestDatabase();
    const theirs = database.path('theirs.db');
    nativeSqlite(theirs, ...statements);
    const db = await database.open();
    await db.saveReceipt(receiptOf('kept'));
    const before = await rowsOf(db);
    const bytes = fs.readFileSync(database.file);
    const error = await rejectionOf(db.importImage(fs.readFileSync(theirs)));
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH', message: expect.stringMatching(message) });
    expect(await rowsOf(db)).toEqual(before);
    expect(fs.readFileSync(database.file).equals(bytes)).toBe(true);
  });

  it('without a byte is refused, alone and in a backup', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    await db.saveReceipt(receiptOf('kept'));
    const directory = database.path('backup');
    await db.exportBackup({ directory });
    fs.truncateSync(database.path('backup', 'ggen.db'));
    forge(directory, () => undefined);
    for (const take of [
      () => db.importImage(new Uint8Array()),
      () => db.restoreBackup({ directory, force: true }),
      () => db.restoreBackup({ directory, force: true, from: 'json' }),
    ]) {
      expect(await rejectionOf(take())).toMatchObject({
        code: 'NOT_A_DATABASE',
        message: 'The image is empty',
      });
    }
    expect(await db.queryReceipts()).toMatchObject([{ executionId: 'kept' }]);
  });

  it('is taken with its rows when it holds a table of the original scripts', async () => {
    const database = createTestDatabase();
    const theirs = database.path('theirs.db');
    nativeSqlite(
      theirs,
      'CREATE TABLE notes(x)',
      `CREATE TABLE agent_memory(memory_id TEXT PRIMARY KEY, agent_id TEXT NOT NULL UNIQUE, agent_type TEXT NOT NULL,
         memory_json TEXT NOT NULL, last_updated DATETIME DEFAULT CURRENT_TIMESTAMP, version INTEGER DEFAULT 1)`,
      `INSERT INTO agent_memory(memory_id, agent_id, agent_type, memory_json) VALUES ('m', 'a', 't', '{}')`,
    );
    const db = await database.open();
    await db.saveReceipt(receiptOf('replaced'));
    await db.importImage(fs.readFileSync(theirs));
    expect(await db.queryReceipts()).toEqual([]);
    expect((await db.queryMemory()).map(({ agentId }) => agentId)).toEqual(['a']);
    expect((await db.info()).otherTables).toEqual(['notes']);
    expect((await db.verify()).ok).toBe(true);
  });
});

describe('an image with another page size or encoding', () => {
  async function theirImage(database: TestDatabase, pragma: string): Promise<Uint8Array> {
    const theirs = database.path('theirs.db');
    nativeSqlite(theirs, pragma, 'CREATE TABLE t(x)', "INSERT INTO t VALUES ('ünï')");
    const source = await database.open({ path: theirs });
    await source.saveReceipts(upTo(100).map((n) => receiptOf(`ü-${n}`)));
    await source.close();
    return fs.readFileSync(theirs);
  }

  async function importOver(db: Persistence, image: Uint8Array): Promise<string> {
    await db.reset();
    await db.saveReceipt(receiptOf('before'));
    const end = await db.importImage(image).then(
      () => 'imported',
      (error: PersistenceError) => error.code,
    );
    await db.saveReceipt(receiptOf('after'));
    expect((await db.verify()).ok).toBe(true);
    return `${end}: ${(await db.stats()).receiptsTotal}`;
  }

  it.for([
    ['PRAGMA page_size=4096', 'imported: 101', 'imported: 101'],
    ['PRAGMA page_size=1024', 'imported: 101', 'READ_ONLY: 2'],
    ['PRAGMA page_size=65536', 'imported: 101', 'READ_ONLY: 2'],
    ['PRAGMA auto_vacuum=FULL', 'imported: 101', 'imported: 101'],
    ["PRAGMA encoding='UTF-16le'", 'SCHEMA_MISMATCH: 2', 'SCHEMA_MISMATCH: 2'],
  ] as const)('%s', async ([pragma, shared, owned]) => {
    const database = createTestDatabase();
    const image = await theirImage(database, pragma);
    const db = await database.open();
    expect(await importOver(db, image)).toBe(shared);
    await db.close();
    const owner = await database.open({ path: database.path('own.db'), exclusive: true });
    expect(await importOver(owner, image)).toBe(owned);

    const source = await database.open({ path: database.path('theirs.db') });
    const directory = database.path('backup');
    await source.exportBackup({ directory });
    const restore = { directory, force: true };
    if (owned.startsWith('imported')) {
      expect(await owner.restoreBackup(restore)).toMatchObject({ from: 'image', receipts: 100 });
    } else {
      const refused = { code: owned.split(':')[0], hint: expect.stringContaining('(`from` json)') };
      expect(await rejectionOf(owner.restoreBackup(restore))).toMatchObject(refused);
    }
    // The way out that the hint names works in any case.
    expect(await owner.restoreBackup({ ...restore, from: 'json' })).toMatchObject({ receipts: 100 });
    expect((await owner.verify()).ok).toBe(true);
  });
});

it('an image in WAL mode is taken, as native SQLite opens it, and one of an unknown mode is refused', async () => {
  const database = createTestDatabase();
  const theirs = database.path('theirs.db');
  const source = await database.open({ path: theirs });
  await source.saveReceipt(receiptOf('theirs'));
  await source.close();
  nativeSqlite(theirs, 'PRAGMA journal_mode=WAL');
  const image = fs.readFileSync(theirs);
  expect([...image.subarray(18, 20)]).toEqual([2, 2]);
  fs.rmSync(theirs);
  const db = await database.open();
  await db.importImage(image);
  expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['theirs']);
  await db.saveReceipt(receiptOf('after'));
  expect(database.native('PRAGMA journal_mode')).toBe('delete');
  image.fill(3, 18, 20);
  expect(await rejectionOf(db.importImage(image))).toMatchObject({ name: 'PersistenceError' });
  expect((await db.stats()).receiptsTotal).toBe(2);
});

it.each([
  ['a write version that makes it read-only', 18, 3],
  ['an encoding that SQLite takes for UTF-8 when it opens a file', 59, 4],
])('an image with %s is refused: an open connection would fail for good', async (_, offset, value) => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('kept'));
  const image = await db.exportImage();
  image[offset] = value;
  expect(await rejectionOf(db.importImage(image))).toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('is unknown') as string,
  });
  await db.saveReceipt(receiptOf('after'));
  expect((await db.stats()).receiptsTotal).toBe(2);
});

it('a stream of any length does not take the last room of the disk with the database', async (context) => {
  const database = createTestDatabase();
  const disk = database.path('disk');
  fs.mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=130m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    context.skip('mounting needs root');
  }
  database.atEnd(() => void execFileSync('umount', ['-l', disk]));
  const db = await database.open({ path: `${disk}/ggen.db` });
  await db.saveReceipt(receiptOf('kept'));
  const piece = new Uint8Array(1024 * 1024).fill(7);
  let leastFreeBytes = Infinity;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { bavail, bsize } = fs.statfsSync(disk);
      leastFreeBytes = Math.min(leastFreeBytes, bavail * bsize);
      controller.enqueue(piece);
    },
  });
  const refused = await rejectionOf(db.importImage({ image: endless }));
  expect(refused).toMatchObject({ code: 'DISK_FULL', operation: 'importImage' });
  expect(leastFreeBytes).toBeGreaterThan(32 * 1024 * 1024);
  expect(fs.readdirSync(disk).filter((name) => !name.endsWith('-journal'))).toEqual(['ggen.db']);
  expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['kept']);
});
