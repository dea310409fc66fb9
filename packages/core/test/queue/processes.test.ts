import path from 'node:path';
/** Many processes on one file, and processes that die in the middle of it. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ORIGINAL_ROWS, ORIGINAL_SCHEMA } from '../schema/original-schema.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

const MEGABYTE = 1_000_000;

interface Saved {
  readonly receiptId: string;
  readonly version: number;
}

describe('many processes at once', () => {
  it('fifty save a receipt and one agent’s memory: fifty rows, version 50', async () => {
    const place = createTestDatabase();
    const saved = await Promise.all(
      upTo(50).map((n) => children.ask<Saved>('save-one', [place.file, `exec-${n}`])),
    );
    expect(new Set(saved.map(({ receiptId }) => receiptId)).size).toBe(50);
    expect(saved.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(upTo(50).map((n) => n + 1));
    expect(place.native('SELECT count(*), count(DISTINCT execution_id) FROM receipts')).toBe('50|50');
    expect(place.native('SELECT version FROM agent_memory')).toBe('50');
    expect(fs.readdirSync(place.folder)).toEqual(['ggen.db']);
  });

  it('the first ones race for a migration: it happens once, and all rows are imported', async () => {
    const place = createTestDatabase();
    place.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    await Promise.all(upTo(6).map((n) => children.ask<Saved>('save-one', [place.file, `exec-${n}`])));
    const db = await place.open();
    expect(await db.verify()).toMatchObject({ ok: true, receiptsImported: 2, receiptsVerified: 6 });
    expect(place.native("SELECT count(*) FROM _schema_metadata WHERE key LIKE 'migration_%'")).toBe('2');
  });

  it('two handles in this process see each other’s commits', async () => {
    const place = createTestDatabase();
    const [first, second] = [await place.open(), await place.open()];
    const both = upTo(40).map((n) => (n % 2 ? first : second).saveReceipt(receiptOf(`e-${n}`)));
    await Promise.all(both);
    expect((await first.stats()).receiptsTotal).toBe(40);
    expect((await second.queryReceipts()).length).toBe(40);
    await first.reset();
    expect((await second.stats()).receiptsTotal).toBe(0);
  });

  it('a reader streams while another process writes, and sees each old row once', async () => {
    const place = createTestDatabase();
    const db = await place.open();
    await db.saveReceipts(upTo(3000).map((n) => receiptOf(`old-${n}`)));
    const writers = Promise.all(
      upTo(4).map((n) => children.ask<Saved>('save-one', [place.file, `new-${n}`])),
    );
    const seen: string[] = [];
    for await (const { executionId } of db.queryReceipts({ limit: 10_000 })) seen.push(executionId);
    await writers;
    expect(seen.filter((id) => id.startsWith('old-')).length).toBe(3000);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('killed in the middle', () => {
  /** Runs the saving child, kills it after so many acknowledged receipts, and returns their ids. */
  function killAfter(databasePath: string, name: string, acknowledgements: number): Promise<string[]> {
    const child = spawn(process.execPath, [children.script('save-until-killed'), databasePath, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += String(data);
      if (output.split('\n').length > acknowledgements) child.kill('SIGKILL');
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) => {
        if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1));
        else reject(new Error(`the child ended with ${exitCode} after ${output.length} bytes`));
      });
    });
  }

  it('thirty times over a database of 30 MB: everything acknowledged is there', async () => {
    const place = createTestDatabase();
    const filling = await place.open();
    const receipt = { filler: 'x'.repeat(3000) };
    for (const batch of upTo(9)) {
      await filling.saveReceipts(upTo(1000).map((n) => receiptOf(`filler-${batch}-${n}`, { receipt })));
    }
    await filling.close();
    expect(fs.statSync(place.file).size).toBeGreaterThan(30 * MEGABYTE);
    const acknowledged: string[] = [];
    let hotJournals = 0;
    for (const round of upTo(30)) {
      const ids = await killAfter(place.file, `round-${round}`, 1 + ((round * 7) % 40));
      acknowledged.push(...ids);
      const journal = `${place.file}-journal`;
      if (fs.existsSync(journal) && fs.statSync(journal).size > 0) hotJournals++;
      // Half of them are recovered by native SQLite, half by us.
      expect(round % 2 === 0 ? place.native('PRAGMA quick_check') : 'ok').toBe('ok');
    }
    const db = await place.open();
    const present = new Set<string>();
    for await (const { receiptId } of db.queryReceipts({ limit: 1_000_000 })) present.add(receiptId);
    expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(300);
    // A kill that never hit a transaction half way would prove little.
    expect(hotJournals).toBeGreaterThan(0);
    expect(await db.verify()).toMatchObject({ ok: true });
  });
});

describe('modes whatever the umask', () => {
  it.for(['000', '022', '077', '777'])('umask %s', async (umask) => {
    const place = createTestDatabase();
    const modes = await children.ask<Record<string, string>>('write-with-umask', [umask, place.folder]);
    const folders = ['a', 'a/b', 'backups', 'backups/one', 'exports'];
    for (const [name, mode] of Object.entries(modes))
      expect([name, mode]).toEqual([name, folders.includes(name) ? '700' : '600']);
    expect(Object.keys(modes).toSorted()).toEqual(
      [
        ...folders,
        'a/b/ggen.db',
        'a/b/ggen.db-journal',
        ...['agent_memory.json', 'audit_log.json', 'ggen.db', 'manifest.json', 'receipts.json'].map(
          (name) => `backups/one/${name}`,
        ),
        'exports/audit.json',
        'own.db',
        'own.db-wal',
      ].toSorted(),
    );
  });
});
