/** Import of images with another page size or text encoding, into shared and exclusive databases. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Persistence, PersistenceError } from '../../src/index.ts';
import { receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { type TestDatabase, createTestDatabase, nativeSqlite } from '../support/test-database.ts';

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
  });
});
