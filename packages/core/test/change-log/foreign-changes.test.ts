/** The change log beside what other programs do to it, to its key, and to the rows. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import { originalSchema } from '../../src/schema/migrations/0001-original-schema.ts';
import { auditOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';

const NATIVE_RECEIPT = (id: string, input = "'{}'"): string =>
  `INSERT INTO receipts VALUES ('${id}', 'exec-${id}', 'native', 't', ${input}, 'success', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1)`;

const kindsIn = (file: string): string[] =>
  nativeSqlite(file, 'SELECT kind FROM _change_log ORDER BY seq').split('\n');

const idsIn = (file: string): string[] =>
  nativeSqlite(file, 'SELECT row_id FROM _change_log ORDER BY seq').split('\n');

it('adopts rows of many bytes by one entry, and reads few of them at a time', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  const large = "'[' || printf('%.*c', 1000000, '1') || ']'";
  database.native(...upTo(20).map((n) => NATIVE_RECEIPT(`n${n}`, large)));
  await db.saveReceipt(receiptOf('b'));
  expect(kindsIn(database.file)).toEqual(['receipt.saved', 'rows.adopted', 'receipt.saved']);

  database.native('DROP TABLE _change_log');
  const done = [0];
  await db.enableHistory({ onProgress: (progress) => done.push(progress.done) });
  const steps = done.slice(1).map((rows, index) => rows - (done[index] ?? 0));
  // Nine large rows complete 8 MiB, after the small one.
  expect(Math.max(...steps)).toBeLessThanOrEqual(10);
  expect(kindsIn(database.file)).toHaveLength(22);
});

it.each(['prod-eu', '0190163d-8694-739b-aea5-966c26f8ad91'])(
  'leaves keys of other programs alone (%s)',
  async (value) => {
    const database = createTestDatabase();
    nativeSqlite(database.file, originalSchema.sql);
    const keys = ['origin', 'change_log_origin'].map(
      (key) => `INSERT INTO _schema_metadata (key, value) VALUES ('${key}', '${value}')`,
    );
    database.native(...keys);
    const db = await database.open();
    await db.saveReceipt(receiptOf('a'));
    expect(await db.historyStatus()).toMatchObject({ enabled: false, origin: null });
    // An id of the form of this program's own is taken for it: its change log is gone.
    expect(await db.verify()).toMatchObject({ ok: value === 'prod-eu' });
    expect(await db.enableHistory()).toMatchObject({ enabled: true, lastSeq: 1 });
    expect(database.native("SELECT value FROM _schema_metadata WHERE key = 'origin'")).toBe(value);
  },
);

it('counts a database whose log was dropped as one without, and gives it a new one', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  const { origin } = await db.historyStatus();
  database.native('DROP TABLE _change_log');
  await db.saveReceipt(receiptOf('b'));
  expect(await db.historyStatus()).toEqual({
    enabled: false,
    origin: null,
    lastSeq: 0,
    reason: 'the table _change_log was dropped',
  });
  const problem = { check: 'history', row: null, message: 'the table _change_log was dropped' };
  expect(await db.verify()).toMatchObject({ ok: false, history: null, problems: [problem] });
  const enabled = await db.enableHistory();
  expect(enabled).toMatchObject({ enabled: true, lastSeq: 2, reason: null });
  expect(enabled.origin).not.toBe(origin);
  expect(await db.verify()).toMatchObject({ ok: true });
});

it.each([
  ["DELETE FROM _schema_metadata WHERE key = 'change_log_origin'", /the id of the change log was removed/],
  ["UPDATE _schema_metadata SET value = 'x' WHERE key = 'change_log_origin'", /the id .* is no UUID/],
  [
    'DROP TABLE _change_log; CREATE VIEW _change_log AS SELECT 1',
    /was dropped, and another program has a view/,
  ],
])('says that the change log was switched off (%s)', async (sql, message) => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  database.native("UPDATE receipts SET agent_id = 'other'", sql);
  const { ok, problems } = await db.verify();
  expect(ok).toBe(false);
  expect(problems.find(({ check }) => check === 'history')?.message).toMatch(message);
  expect((await db.historyStatus()).reason).toMatch(message);
  await expect(db.enableHistory()).rejects.toMatchObject({
    code: 'SCHEMA_MISMATCH',
    message: expect.stringMatching(sql.startsWith('DROP') ? /another program has a view/ : message) as string,
  });
});

it.each([
  ['table', 'CREATE TABLE _change_log (id INTEGER PRIMARY KEY, note TEXT)', ['_change_log']],
  ['view', 'CREATE VIEW _change_log AS SELECT 1 AS seq', []],
])('saves beside a %s _change_log of another program', async (kind, sql, listed) => {
  const database = createTestDatabase();
  nativeSqlite(database.file, sql);
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  expect(await db.historyStatus()).toEqual({
    enabled: false,
    origin: null,
    lastSeq: 0,
    reason: `another program has a ${kind} _change_log`,
  });
  expect((await db.info()).otherTables).toEqual(listed);
  expect(await db.verify()).toMatchObject({ ok: true });
  await expect(db.enableHistory()).rejects.toMatchObject({
    code: 'SCHEMA_MISMATCH',
    message: expect.stringContaining(`another program has a ${kind} _change_log`) as string,
    hint: expect.stringMatching(/untouched.*Rename or drop it/) as string,
  });

  // Rows of a database with a log come without it.
  const other = await database.open({ path: database.path('other.db') });
  await other.saveReceipt(receiptOf('b'));
  const directory = database.path('backup');
  await other.exportBackup({ directory });
  await db.restoreBackup({ directory, from: 'json', force: true });
  expect(database.native('SELECT count(*) FROM receipts')).toBe('1');
  expect(await db.historyStatus()).toMatchObject({ enabled: false });
});

it('adopts rows that took the rowids of deleted ones', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  for (const n of upTo(5)) await db.saveReceipt(receiptOf(`e${n}`));
  database.native('DELETE FROM receipts WHERE rowid > 2');
  await db.saveReceipt(receiptOf('e6'));
  database.native(NATIVE_RECEIPT('n1'));
  const other = await database.open();
  await other.saveReceipt(receiptOf('e7'));
  expect(kindsIn(database.file).slice(5)).toEqual(['receipt.saved', 'receipt.adopted', 'receipt.saved']);
  expect(idsIn(database.file)[6]).toBe('n1');
});

it('goes on from its own last number, whatever greater one another program gave', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  database.native(
    "INSERT INTO _change_log VALUES (9223372036854775807, 't', 'foreign', NULL, NULL, x'', NULL)",
  );
  await db.saveReceipt(receiptOf('b'));
  const other = await database.open();
  await other.logAudit(auditOf('o'));
  expect(await db.historyStatus()).toMatchObject({ lastSeq: 3 });
  expect(database.native('SELECT group_concat(seq) FROM _change_log')).toBe('1,2,3,9223372036854775807');
  await db.reset();
  await db.saveReceipt(receiptOf('c'));
  expect(await db.historyStatus()).toMatchObject({ lastSeq: 7 });
});

it('an image with a table of that name of another program replaces a database with a change log', async () => {
  const database = createTestDatabase();
  const other = createTestDatabase();
  const source = await other.open({ changeLog: false });
  await source.saveReceipt(receiptOf('a'));
  other.native('CREATE TABLE _change_log (x)');
  const db = await database.open();
  await db.importImage(await source.exportImage());
  expect(await db.stats()).toMatchObject({ receiptsTotal: 1 });
  expect(await db.historyStatus()).toMatchObject({ enabled: false });
  await db.saveReceipt(receiptOf('b'));
});

it('adopts after a restore from JSON what had no entry before, whatever the rowids were', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipts(upTo(10).map((n) => receiptOf(`r${n}`)));
  database.native("UPDATE receipts SET created_at = '2020-01-01 00:00:00' WHERE rowid <= 5");
  await db.cleanup({ days: 90, vacuum: false });
  database.native(NATIVE_RECEIPT('n'));
  await db.exportBackup({ directory: database.path('backup') });
  await db.restoreBackup({
    directory: database.path('backup'),
    from: 'json',
    force: true,
    acceptInvalid: true,
  });
  expect(kindsIn(database.file).filter((kind) => kind === 'receipt.adopted')).toHaveLength(1);
  expect(idsIn(database.file)).toContain('n');
});

it('an image replaces a database whose rows cannot be read any more', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipts(upTo(300).map((n) => receiptOf(`r${n}`)));
  await db.exportBackup({ directory: database.path('backup') });
  await db.close();
  const roots = database.native("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'receipts'");
  const file = openSync(database.file, 'r+');
  for (const root of roots.split('\n'))
    writeSync(file, new Uint8Array(4096), 0, 4096, (Number(root) - 1) * 4096);
  closeSync(file);
  const damaged = await database.open();
  await damaged.restoreBackup({ directory: database.path('backup'), from: 'image', force: true });
  expect(await damaged.verify()).toMatchObject({ ok: true });
  expect(await damaged.stats()).toMatchObject({ receiptsTotal: 300 });
});
