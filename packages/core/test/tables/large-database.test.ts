/** What an operation costs depends on what it touches, not on how much is stored. */
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

const RECEIPTS = 1_000_000;
const PAGE_BYTES = 4096;

/** Fills a database through native SQLite, with ids as scattered as hashes are. */
async function fill(place: TestDatabase, receipts: number): Promise<void> {
  await (await place.open()).close();
  place.native(
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
  place: TestDatabase,
): Promise<{ db: Persistence; counts: StorageCounts; reset: () => void }> {
  const counted: { storage: Storage; counts: StorageCounts; reset(): void } = countingStorage(
    fileStorage(place.file),
  );
  const connection = new SqliteConnection(await openDatabase(counted.storage));
  const db = new DatabasePersistence(connection, DEFAULT_RETRY_POLICY, () => new Date(), 'strict');
  counted.reset();
  return { db, counts: counted.counts, reset: () => counted.reset() };
}

/** Bytes written by one save of the usual size, the smallest of a few, so that a page split does not count. */
async function bytesOfSave(place: TestDatabase): Promise<number> {
  const { db, counts, reset } = await openCounted(place);
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

it(`with ${RECEIPTS} receipts: stats and look-ups read little, a save writes what it always does`, async () => {
  const place = createTestDatabase();
  await fill(place, 1000);
  const small = await bytesOfSave(place);
  fs.rmSync(place.file);

  await fill(place, RECEIPTS);
  const fileBytes = fs.statSync(place.file).size;
  const measured = async (operation: (db: Persistence) => PromiseLike<unknown>): Promise<number> => {
    // A connection of its own: nothing is in its cache.
    const { db, counts } = await openCounted(place);
    await operation(db);
    await db.close();
    return counts.readBytes;
  };
  const stats = await measured(async (db) => {
    expect(await db.stats()).toMatchObject({ receiptsTotal: RECEIPTS, receiptsError: RECEIPTS / 20 });
  });
  // The index by which SQLite counts entries without reading them: 12 bytes more an entry than that of the statuses.
  expect(stats / fileBytes).toBeLessThan(0.07);
  const id = place.native("SELECT receipt_id FROM receipts WHERE execution_id = 'exec-777777'");
  expect((await measured((db) => db.getReceipt(id))) / PAGE_BYTES).toBeLessThan(40);
  const latest = await measured(async (db) => {
    const rows = await db.queryReceipts({ agent: 'agent-7*' });
    expect([rows.length, rows[0]?.executionId]).toEqual([100, 'exec-999957']);
  });
  // A hundred rows of one in fifty agents: what they are found by, not the table.
  expect(latest / fileBytes).toBeLessThan(0.03);
  expect(await bytesOfSave(place)).toBeLessThan(small * 1.2 + 6 * PAGE_BYTES);
});
