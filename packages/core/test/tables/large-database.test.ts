/** The cost of an operation depends on the rows that it touches, not on the size of the database. */
import { type Storage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { type StorageCounts, countingStorage } from '@ggen-sim/sqljs-vfs/testing';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { DatabasePersistence } from '../../src/persistence/database-persistence.ts';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import type { Persistence } from '../../src/index.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/engine/retry.ts';
import { receiptOf } from '../../src/testing/persistence-case.ts';
import { type TestDatabase, createTestDatabase } from '../support/test-database.ts';

const RECEIPTS = 250_000;
const PAGE_BYTES = 4096;

/** Fills a database by native SQLite, with ids scattered like hashes. */
async function fill(fixture: TestDatabase, receipts: number): Promise<void> {
  await (await fixture.open()).close();
  fixture.native(
    'PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; PRAGMA cache_size=-400000',
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${receipts})
     INSERT INTO receipts SELECT
       printf('%08x%08x', (i * 2654435761) % 4294967296, i) || '000000000000000000000000000000000000000000000000',
       'exec-' || i, 'agent-' || (i % 50), 'validation',
       '{"status":"success","files_generated":12,"filler":"' || hex(zeroblob(60)) || '"}',
       iif(i % 20, 'success', 'error'),
       datetime(1700000000 + i, 'unixepoch'), datetime(1700000000 + i, 'unixepoch'), i % 1000
     FROM n`,
  );
}

async function openCounted(
  fixture: TestDatabase,
): Promise<{ db: Persistence; counts: StorageCounts; reset: () => void }> {
  const counted: { storage: Storage; counts: StorageCounts; reset(): void } = countingStorage(
    fileStorage(fixture.file),
  );
  const connection = new SqliteConnection(await openDatabase(counted.storage));
  const db = new DatabasePersistence(connection, DEFAULT_RETRY_POLICY, () => new Date(), 'strict');
  counted.reset();
  return { db, counts: counted.counts, reset: () => counted.reset() };
}

/** Measures the bytes written by a usual save: the least of five, so that a page split does not count. */
async function bytesOfSave(fixture: TestDatabase): Promise<number> {
  const { db, counts, reset } = await openCounted(fixture);
  await db.saveReceipt(receiptOf('warm', { agentId: 'agent-1' }));
  const written: number[] = [];
  for (let n = 0; n < 5; n++) {
    reset();
    await db.saveReceipt(receiptOf(`measured-${n}`, { agentId: 'agent-1' }));
    written.push(counts.writtenBytes);
  }
  await db.close();
  return Math.min(...written);
}

it(`reads little for stats and look-ups and writes no more per save with ${RECEIPTS} receipts`, async () => {
  const fixture = createTestDatabase();
  await fill(fixture, 1000);
  const small = await bytesOfSave(fixture);
  fs.rmSync(fixture.file);

  await fill(fixture, RECEIPTS);
  const fileBytes = fs.statSync(fixture.file).size;
  const measured = async (operation: (db: Persistence) => PromiseLike<unknown>): Promise<number> => {
    // A new connection has an empty cache.
    const { db, counts } = await openCounted(fixture);
    await operation(db);
    await db.close();
    return counts.readBytes;
  };
  const stats = await measured(async (db) => {
    expect(await db.stats()).toMatchObject({ receiptsTotal: RECEIPTS, receiptsError: RECEIPTS / 20 });
  });
  // SQLite counts by the time index, whose entries have 12 bytes more than those of the status index.
  expect(stats / fileBytes).toBeLessThan(0.07);
  const id = fixture.native("SELECT receipt_id FROM receipts WHERE execution_id = 'exec-177777'");
  expect((await measured((db) => db.getReceipt(id))) / PAGE_BYTES).toBeLessThan(40);
  const latest = await measured(async (db) => {
    const rows = await db.queryReceipts({ agent: 'agent-7*' });
    expect([rows.length, rows[0]?.executionId]).toEqual([100, 'exec-249957']);
  });
  // A hundred rows of one in fifty agents: index entries and those rows, not the table.
  expect(latest / fileBytes).toBeLessThan(0.03);
  expect(await bytesOfSave(fixture)).toBeLessThan(small * 1.2 + 6 * PAGE_BYTES);
});
