/** A database file that is moved or removed while it is open, with another database in its place. */
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FileOpenOptions, type Persistence } from '../../src/index.ts';
import { receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { createTestDatabase, nativeSqlite, type TestDatabase } from '../support/test-database.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle([`${import.meta.dirname}/../children/serve-database.ts`]);
});
afterAll(() => children.remove());

const MODES: [string, () => Partial<FileOpenOptions>][] = [
  ['in process', () => ({})],
  ['in a worker', () => ({ worker: new Worker(children.script('serve-database')) })],
  ['exclusive', () => ({ exclusive: true })],
  ['exclusive and relaxed', () => ({ exclusive: true, durability: 'relaxed' })],
];

/** Every kind of use that reaches the file. */
const USES: [string, (db: Persistence, database: TestDatabase) => unknown][] = [
  ['save', (db) => db.saveReceipt(receiptOf('late'))],
  ['query', (db) => db.queryReceipts()],
  ['stats', (db) => db.stats()],
  ['info', (db) => db.info()],
  ['verify', (db) => db.verify()],
  ['reset', (db) => db.reset()],
  ['cleanup', (db) => db.cleanup({ days: 0, dryRun: true })],
  ['restore', (db, database) => db.restoreBackup({ directory: database.path('backup'), force: true })],
  [
    'restore of rows',
    (db, database) => db.restoreBackup({ directory: database.path('backup'), force: true, from: 'json' }),
  ],
  ['import', (db, database) => db.importImage(fs.readFileSync(database.path('backup', 'ggen.db')))],
  ['backup', (db, database) => db.exportBackup({ directory: database.path('late-backup') })],
  ['image', (db) => db.exportImage()],
  ['export', (db, database) => db.exportAuditTrail({ output: database.path('audit.json') })],
];

it.each(MODES)(
  'every use is STORAGE_RESET, and the other database stays as it is: %s',
  async (_, options) => {
    const database = createTestDatabase();
    const db = await database.open(options());
    await db.saveReceipt(receiptOf('early'));
    await db.exportBackup({ directory: database.path('backup') });
    const moved = database.path('moved.db');
    fs.renameSync(database.file, moved);
    fs.copyFileSync(database.path('backup', 'ggen.db'), database.file);
    const other = fs.readFileSync(database.file);

    for (const [use, run] of USES) {
      const failure = await rejectionOf(Promise.resolve().then(() => run(db, database)));
      expect([use, failure]).toMatchObject([use, { name: 'PersistenceError', code: 'STORAGE_RESET' }]);
    }
    // Writes that share a transaction are all refused, and none is reported as uncertain.
    const saves = await Promise.allSettled([1, 2, 3].map((n) => db.saveReceipt(receiptOf(`late-${n}`))));
    for (const save of saves) expect(save).toMatchObject({ reason: { code: 'STORAGE_RESET' } });
    expect(() => db.subscribe(() => undefined)()).not.toThrow();
    await db.close();

    expect(fs.readFileSync(database.file).equals(other)).toBe(true);
    // Empty ones count as none. They may be another process's by now, so they stay.
    for (const suffix of ['-journal', '-wal']) {
      expect(fs.statSync(database.file + suffix, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
      fs.rmSync(database.file + suffix, { force: true });
    }
    expect(fs.existsSync(database.path('late-backup'))).toBe(false);
    expect(nativeSqlite(moved, 'PRAGMA integrity_check', 'SELECT execution_id FROM receipts')).toBe(
      'ok\nearly',
    );
  },
);

it('a subscriber of a file that was removed is not told of anything, and no call throws', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  fs.rmSync(database.file);
  expect(() => db.subscribe(() => undefined)).not.toThrow();
  expect(await rejectionOf(db.stats())).toMatchObject({ code: 'STORAGE_RESET' });
});
