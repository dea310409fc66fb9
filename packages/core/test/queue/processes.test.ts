import path from 'node:path';
/** Many processes on one file, and processes that are killed during a write. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../src/index.ts';
import { receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { TABLES } from '../../src/tables/index.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ORIGINAL_ROWS, ORIGINAL_SCHEMA } from '../schema/original-schema.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

const MEGABYTE = 1_000_000;
/** Rounds of kills, and how many there are at most until one has interrupted a transaction. */
const ROUNDS = 10;
const MOST_ROUNDS = 100;

interface Saved {
  readonly receiptId: string;
  readonly version: number;
}

describe('many processes at once', () => {
  it('keep fifty receipts and version 50 of one memory, saved by fifty processes', async () => {
    const fixture = createTestDatabase();
    const saved = await Promise.all(
      upTo(50).map((n) => children.ask<Saved>('save-one', [fixture.file, `exec-${n}`])),
    );
    expect(new Set(saved.map(({ receiptId }) => receiptId)).size).toBe(50);
    expect(saved.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(upTo(50).map((n) => n + 1));
    expect(fixture.native('SELECT count(*), count(DISTINCT execution_id) FROM receipts')).toBe('50|50');
    expect(fixture.native('SELECT version FROM agent_memory')).toBe('50');
    expect(fs.readdirSync(fixture.folder)).toEqual(['ggen.db']);
  });

  it('migrate once when they race for it, and import all rows', async () => {
    const fixture = createTestDatabase();
    fixture.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    await Promise.all(upTo(6).map((n) => children.ask<Saved>('save-one', [fixture.file, `exec-${n}`])));
    const db = await fixture.open();
    expect(await db.verify()).toMatchObject({ ok: true, receiptsImported: 2, receiptsVerified: 6 });
    expect(fixture.native("SELECT count(*) FROM _schema_metadata WHERE key LIKE 'migration_%'")).toBe(
      String(SCHEMA_VERSION),
    );
  });

  it('see each other’s commits, as two handles of one process', async () => {
    const fixture = createTestDatabase();
    const [first, second] = [await fixture.open(), await fixture.open()];
    const both = upTo(40).map((n) => (n % 2 ? first : second).saveReceipt(receiptOf(`e-${n}`)));
    await Promise.all(both);
    expect((await first.stats()).receiptsTotal).toBe(40);
    expect((await second.queryReceipts()).length).toBe(40);
    await first.reset();
    expect((await second.stats()).receiptsTotal).toBe(0);
  });

  it('stream every old row once while other processes write', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveReceipts(upTo(3000).map((n) => receiptOf(`old-${n}`)));
    const writers = Promise.all(
      upTo(4).map((n) => children.ask<Saved>('save-one', [fixture.file, `new-${n}`])),
    );
    const seen: string[] = [];
    for await (const { executionId } of db.queryReceipts({ limit: 10_000 })) seen.push(executionId);
    await writers;
    expect(seen.filter((id) => id.startsWith('old-')).length).toBe(3000);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('a process killed while it saves', () => {
  it('loses no acknowledged receipt, in ten rounds or more on a database of 30 MB', async () => {
    const fixture = createTestDatabase();
    const filling = await fixture.open();
    const receipt = { filler: 'x'.repeat(3000) };
    for (const batch of upTo(9)) {
      await filling.saveReceipts(upTo(1000).map((n) => receiptOf(`filler-${batch}-${n}`, { receipt })));
    }
    await filling.close();
    expect(fs.statSync(fixture.file).size).toBeGreaterThan(30 * MEGABYTE);
    const acknowledged: string[] = [];
    let hotJournals = 0;
    for (let round = 0; round < ROUNDS || (hotJournals === 0 && round < MOST_ROUNDS); round++) {
      const ids = await children.killAfterLines(
        'save-until-killed',
        [fixture.file, `round-${round}`],
        1 + ((round * 7) % 40),
      );
      acknowledged.push(...ids);
      const journal = `${fixture.file}-journal`;
      if (fs.existsSync(journal) && fs.statSync(journal).size > 0) hotJournals++;
      // Native SQLite recovers every second one, this program the others.
      expect(round % 2 === 0 ? fixture.native('PRAGMA quick_check') : 'ok').toBe('ok');
    }
    const db = await fixture.open();
    const present = new Set<string>();
    for await (const { receiptId } of db.queryReceipts({ limit: 1_000_000 })) present.add(receiptId);
    expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(10 * ROUNDS);
    // The test would prove little if no kill interrupted a transaction.
    expect(hotJournals).toBeGreaterThan(0);
    expect(await db.verify()).toMatchObject({ ok: true });
    // Each receipt has one entry in the change log, and each entry a receipt.
    expect(
      fixture.native(
        'SELECT count(*) = (SELECT count(*) FROM receipts), count(r.rowid) = count(*) FROM _change_log LEFT JOIN receipts r ON receipt_id = row_id',
      ),
    ).toBe('1|1');
  });
});

describe('file modes under any umask', () => {
  it.for(['000', '022', '077', '777'])('umask %s', async (umask) => {
    const fixture = createTestDatabase();
    const modes = await children.ask<Record<string, string>>('write-with-umask', [umask, fixture.folder]);
    const folders = ['a', 'a/b', 'backups', 'backups/one', 'exports'];
    for (const [name, mode] of Object.entries(modes))
      expect([name, mode]).toEqual([name, folders.includes(name) ? '700' : '600']);
    expect(Object.keys(modes).toSorted()).toEqual(
      [
        ...folders,
        'a/b/ggen.db',
        'a/b/ggen.db-journal',
        ...[...TABLES.map(({ backupFile }) => backupFile), 'change_log.json', 'ggen.db', 'manifest.json'].map(
          (name) => `backups/one/${name}`,
        ),
        'exports/audit.json',
        'own.db',
        'own.db-wal',
      ].toSorted(),
    );
  });
});
