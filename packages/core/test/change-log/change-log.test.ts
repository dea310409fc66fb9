/** The change log in real files: what is noted, by which transaction, and what restores and other programs do to it. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { leafOf } from '../../src/change-log/canonical-form.ts';
import type { SqlValue } from '../../src/engine/sqlite-connection.ts';
import { originalSchema } from '../../src/schema/migrations/0001-original-schema.ts';
import { TABLES } from '../../src/tables/index.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { SettableClock } from '../../src/testing/settable-clock.ts';
import { createTestDatabase, nativeSqlite, type TestDatabase } from '../support/test-database.ts';

const NATIVE_RECEIPT = (id: string): string =>
  `INSERT INTO receipts VALUES ('${id}', 'exec-${id}', 'native', 't', '{}', 'success', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1)`;

interface Entry {
  readonly seq: number;
  readonly kind: string;
  readonly row_id: string | null;
  readonly row_rowid: number | null;
  readonly leaf: string;
  readonly body: string | null;
}

function entries(file: string): Entry[] {
  const text = nativeSqlite(
    file,
    '.mode json',
    'SELECT seq, kind, row_id, row_rowid, hex(leaf) AS leaf, body FROM _change_log ORDER BY seq',
  );
  return text === '' ? [] : (JSON.parse(text) as Entry[]);
}

const kindsIn = (file: string): string[] => entries(file).map(({ kind }) => kind);

/** Expects that the last entry of every row has the hash of what native SQLite reads, and that each row has one. */
function expectEveryRowLogged(file: string): void {
  const logged = new Map(
    entries(file)
      .filter(({ row_id }) => row_id !== null)
      .map(({ row_id, row_rowid, leaf }) => [row_id, { row_rowid, leaf: leaf.toLowerCase() }]),
  );
  for (const { name, columns } of TABLES) {
    const text = nativeSqlite(file, '.mode json', `SELECT rowid AS native_rowid, * FROM ${name}`);
    const rows = text === '' ? [] : (JSON.parse(text) as Record<string, SqlValue>[]);
    for (const row of rows) {
      const values = columns.map(({ column }) => row[column] ?? null);
      expect(logged.get(String(values[0])), `${name} ${String(row['native_rowid'])}`).toEqual({
        row_rowid: row['native_rowid'],
        leaf: Buffer.from(leafOf(name, values)).toString('hex'),
      });
    }
  }
}

const originOf = (file: string): string =>
  nativeSqlite(file, "SELECT value FROM _schema_metadata WHERE key = 'change_log_origin'");

it('notes every row in the transaction of the row, and keeps the tables of the original scripts as they are', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.record({ receipts: [receiptOf('a')], memories: [memoryOf('m')], audits: [auditOf('o')] });
  await db.saveMemory(memoryOf('m', { memory: '{"v":2}' }));
  // A group in which one save fails, so that it is run again with savepoints.
  const saves = await Promise.allSettled(
    ['b', 'a', 'c'].map((id) => db.saveReceipt(receiptOf(id, { agentId: id }))),
  );
  expect(saves.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await db.saveReceipt(receiptOf('a', { ifAbsent: true }));
  const log = entries(database.file);
  expect(log.map(({ seq, kind }) => [seq, kind])).toEqual([
    [1, 'receipt.saved'],
    [2, 'memory.saved'],
    [3, 'audit.logged'],
    [4, 'memory.saved'],
    [5, 'receipt.saved'],
    [6, 'receipt.saved'],
  ]);
  expect(log.map(({ body }) => body !== null)).toEqual([false, false, false, true, false, false]);
  expect(JSON.parse(log[3]?.body ?? '')).toMatchObject({ memory_json: '{"active":true}', version: 1 });
  expectEveryRowLogged(database.file);
  expect(await db.historyStatus()).toEqual({
    enabled: true,
    origin: originOf(database.file),
    lastSeq: 6,
    reason: null,
  });
  expect(await db.verify()).toMatchObject({ ok: true });
  expect((await db.info()).otherTables).toEqual([]);
  // `.schema` prints what the migration says, to the letter.
  const schema = database.native('.schema receipts', '.schema agent_memory', '.schema audit_log');
  for (const table of originalSchema.sql.split(';').slice(0, 3)) {
    expect(schema).toContain(table.trim().replace('IF NOT EXISTS ', ''));
  }
});

it('adopts rows of other programs at the next write, whichever process makes it', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  database.native(NATIVE_RECEIPT('x'), NATIVE_RECEIPT('y'));
  await db.logAudit(auditOf('o'));
  database.native(NATIVE_RECEIPT('z'));
  const other = await database.open();
  await other.saveReceipt(receiptOf('b'));
  await db.saveReceipt(receiptOf('c'));
  expect(
    entries(database.file).map(({ kind, row_id }) => (kind === 'receipt.adopted' ? row_id : kind)),
  ).toEqual(['receipt.saved', 'x', 'y', 'audit.logged', 'z', 'receipt.saved', 'receipt.saved']);
  expectEveryRowLogged(database.file);
});

it('notes very many rows of another program by one entry, so that a save need not wait for them', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  database.native(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
      INSERT INTO audit_log (audit_id, agent_id, operation, status) SELECT 'n' || i, 'native', 'o', 'completed' FROM n`,
  );
  await db.saveReceipt(receiptOf('b'));
  const other = await database.open();
  await other.logAudit(auditOf('o'));
  const log = entries(database.file);
  expect(log.map(({ kind }) => kind)).toEqual([
    'receipt.saved',
    'rows.adopted',
    'receipt.saved',
    'audit.logged',
  ]);
  expect(JSON.parse(log[1]?.body ?? '')).toEqual({
    table: 'audit_log',
    last_rowid: 1001,
    rowids: [[1, 1001]],
  });
});

it('finds where the log ends after thousands of entries, and without the note of it', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  for (const part of upTo(3)) await db.saveReceipts(upTo(700).map((n) => receiptOf(`${part}-${n}`)));
  database.native("UPDATE _schema_metadata SET value = '{\"seq\":1e99}' WHERE key = 'change_log_position'");
  const other = await database.open();
  database.native(NATIVE_RECEIPT('x'));
  await other.logAudit(auditOf('o'));
  expect(kindsIn(database.file).slice(2100)).toEqual(['receipt.adopted', 'audit.logged']);
  expectEveryRowLogged(database.file);
});

it('notes what a cleanup deletes, and begins anew after a reset', async () => {
  const database = createTestDatabase();
  const clock = new SettableClock('2026-01-29T18:00:00Z');
  const db = await database.open({ clock: clock.read });
  await db.saveReceipts(upTo(3).map((n) => receiptOf(`old-${n}`)));
  clock.forwardDays(90);
  await db.saveReceipt(receiptOf('new'));
  clock.forwardSeconds(1);
  await db.cleanup();
  // Deleting the last rows frees their rowids, which later rows get.
  clock.forwardDays(91);
  await db.cleanup();
  await db.saveReceipt(receiptOf('reused'));
  database.native(NATIVE_RECEIPT('x'));
  await db.logAudit(auditOf('o'));
  const log = entries(database.file);
  expect(log.map(({ kind }) => kind).slice(3)).toEqual([
    'receipt.saved',
    'rows.deleted',
    'rows.deleted',
    'receipt.saved',
    'receipt.adopted',
    'audit.logged',
  ]);
  expect(JSON.parse(log[4]?.body ?? '')).toEqual({
    table: 'receipts',
    cause: 'cleanup',
    count: 3,
    before: '2026-01-29 18:00:01',
    last_rowid: 4,
    rowids: [[1, 3]],
  });
  expectEveryRowLogged(database.file);

  const before = originOf(database.file);
  await db.reset();
  expect(originOf(database.file)).not.toBe(before);
  const reset = entries(database.file);
  expect(
    reset.map(({ seq, kind, body }) => [seq, kind, (JSON.parse(body ?? '') as { count: number }).count]),
  ).toEqual([
    [10, 'rows.deleted', 2],
    [11, 'rows.deleted', 0],
    [12, 'rows.deleted', 1],
  ]);
  expect(JSON.parse(reset[0]?.body ?? '')).toMatchObject({ cause: 'reset', origin: before });
  await db.saveReceipt(receiptOf('again'));
  expectEveryRowLogged(database.file);
});

it('is left out where it is not wanted, and enabled for a database that has rows', async () => {
  const database = createTestDatabase();
  nativeSqlite(database.path('adopted.db'), originalSchema.sql, NATIVE_RECEIPT('x'));
  const databases = [
    await database.open({ changeLog: false }),
    await database.open({ path: database.path('adopted.db') }),
  ];
  for (const [index, db] of databases.entries()) {
    const file = index === 0 ? database.file : database.path('adopted.db');
    await db.record({ receipts: [receiptOf('a')], memories: [memoryOf('m')], audits: [auditOf('o')] });
    expect(await db.historyStatus()).toEqual({ enabled: false, origin: null, lastSeq: 0, reason: null });
    expect(nativeSqlite(file, '.tables')).not.toContain('_change_log');
    const count = 3 + index;
    // Another handle has the database open meanwhile, and notes its rows from then on.
    await using other = await database.open({ path: file });
    expect(await db.enableHistory()).toMatchObject({ enabled: true, lastSeq: count });
    expect(await db.enableHistory()).toMatchObject({ enabled: true, lastSeq: count });
    await other.saveReceipt(receiptOf('b'));
    expect(kindsIn(file)).toHaveLength(count + 1);
    expectEveryRowLogged(file);
    expect(await db.verify()).toMatchObject({ ok: true });
  }
});

it('leaves nothing of a change log when enabling it is aborted', async () => {
  const database = createTestDatabase();
  const db = await database.open({ changeLog: false });
  await db.saveReceipts(upTo(1200).map((n) => receiptOf(`e-${n}`)));
  const stop = new AbortController();
  const enabling = db.enableHistory({ signal: stop.signal, onProgress: () => stop.abort() });
  await expect(enabling).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await db.historyStatus()).toMatchObject({ enabled: false });
  await db.saveReceipt(receiptOf('more'));
});

async function fill(database: TestDatabase, file: string, changeLog: boolean): Promise<void> {
  await using db = await database.open({ path: file, changeLog });
  await db.record({ receipts: upTo(3).map((n) => receiptOf(`e-${n}`)), memories: [memoryOf('m')] });
  await db.saveMemory(memoryOf('m', { memory: '{"v":2}' }));
  nativeSqlite(file, 'DELETE FROM receipts WHERE rowid = 2', NATIVE_RECEIPT('x'));
  await db.exportBackup({ directory: `${file}.backup` });
}

it.each([
  ['image', true],
  ['image', false],
  ['json', true],
  ['json', false],
] as const)(
  'comes with a backup restored from %s (with a log: %s), under another id',
  async (from, hasLog) => {
    const database = createTestDatabase();
    const source = database.path('source.db');
    await fill(database, source, hasLog);
    const directory = `${source}.backup`;
    const db = await database.open();
    await db.saveReceipt(receiptOf('replaced'));
    const before = originOf(database.file);
    await db.restoreBackup({ directory, from, force: true, acceptInvalid: true });
    expect(originOf(database.file)).not.toBe(before);
    if (hasLog) expect(originOf(database.file)).not.toBe(originOf(source));
    const kinds = kindsIn(database.file);
    expect(kinds.filter((kind) => kind === 'rows.deleted')).toHaveLength(3);
    // What was replaced is gone before rows are adopted, and has no rowids that readers take for those of the new rows.
    expect(kinds.lastIndexOf('rows.deleted')).toBeLessThan(kinds.indexOf('receipt.adopted'));
    for (const { kind, body } of entries(database.file)) {
      if (kind !== 'rows.deleted') continue;
      expect(JSON.parse(body ?? '')).toMatchObject({ cause: 'restore', origin: before });
      expect(JSON.parse(body ?? '')).not.toHaveProperty('rowids');
    }
    expect(kinds.filter((kind) => kind === 'receipt.adopted')).toHaveLength(hasLog ? 1 : 3);
    expect(kinds.filter((kind) => kind === 'memory.saved')).toHaveLength(hasLog ? 2 : 0);
    expectEveryRowLogged(database.file);
    nativeSqlite(database.file, NATIVE_RECEIPT('y'));
    await db.saveReceipt(receiptOf('after'));
    expect(kindsIn(database.file).slice(kinds.length)).toEqual(['receipt.adopted', 'receipt.saved']);
    expectEveryRowLogged(database.file);
  },
);

it('comes with an image, under another id', async () => {
  const database = createTestDatabase();
  await fill(database, database.file, true);
  const db = await database.open();
  const before = originOf(database.file);
  await db.importImage(await db.exportImage());
  expect(originOf(database.file)).not.toBe(before);
  expect(kindsIn(database.file)).toContain('memory.saved');
  expectEveryRowLogged(database.file);
});

it.each(['image', 'json'] as const)(
  'is completed when a backup was made by a program without it, restored from %s',
  async (from) => {
    const database = createTestDatabase();
    const source = database.path('source.db');
    await fill(database, source, true);
    const directory = `${source}.backup`;
    const manifestFile = path.join(directory, 'manifest.json');
    const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8')) as { files: { name: string }[] };
    const files = manifest.files.filter(({ name }) => name !== 'change_log.json');
    fs.writeFileSync(manifestFile, JSON.stringify({ ...manifest, files }));
    fs.rmSync(path.join(directory, 'change_log.json'));
    const db = await database.open();
    await db.restoreBackup({ directory, from, acceptInvalid: true });
    expectEveryRowLogged(database.file);
    // The image has its change log, which knows of the row that was deleted.
    const deleted = from === 'image' ? [{ check: 'history', row: 'receipts 2' }] : [];
    expect(await db.verify()).toMatchObject({ problems: [{ check: 'receipt' }, ...deleted] });
  },
);

it('leaves the database as it was when a restore is aborted while rows are adopted', async () => {
  const database = createTestDatabase();
  const source = database.path('source.db');
  await fill(database, source, false);
  const db = await database.open();
  await db.saveReceipt(receiptOf('kept'));
  const before = database.native('.dump');
  for (const from of ['image', 'json'] as const) {
    const stop = new AbortController();
    const restoring = db.restoreBackup({
      directory: `${source}.backup`,
      from,
      force: true,
      acceptInvalid: true,
      signal: stop.signal,
      onProgress: ({ stage }) => stage === 'adopt' && stop.abort(),
    });
    await expect(restoring).rejects.toMatchObject({ code: 'ABORTED' });
    expect(database.native('.dump')).toBe(before);
  }
});
