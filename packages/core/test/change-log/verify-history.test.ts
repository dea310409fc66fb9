/** What `verify` says of rows that this program did not write itself, and of logs that do not go on. */
import { expect, it } from 'vitest';
import type { Persistence } from '../../src/index.ts';
import { originalSchema } from '../../src/schema/migrations/0001-original-schema.ts';
import { MemoryBackupDirectory } from '../../src/testing/memory-backup-directory.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { SettableClock } from '../../src/testing/settable-clock.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';

/** @param after - rowid after which the rows are */
const nativeAuditsAfter = (after: number | bigint, count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO audit_log (rowid, audit_id, timestamp, agent_id, operation, status)
    SELECT ${after} + i, hex(randomblob(8)), '2020-01-01 00:00:00', 'native', 'o', 'completed' FROM n`;

type Native = (sql: string) => unknown;

const nativeAudits = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO audit_log (audit_id, agent_id, operation, status) SELECT hex(randomblob(8)), 'native', 'o', 'completed' FROM n`;

it('takes rows of other programs for what they are: not noted yet, noted each, or all by one entry', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.logAudit(auditOf('o'));
  database.native(nativeAudits(3));
  expect(await db.verify()).toMatchObject({
    ok: true,
    history: { entries: 1, rowsVerified: 1, rowsNotLogged: 3 },
  });
  await db.logAudit(auditOf('o'));
  expect(await db.verify()).toMatchObject({
    ok: true,
    history: { entries: 5, rowsVerified: 5, rowsNotLogged: 0 },
  });
  database.native(nativeAudits(1001));
  await db.saveReceipt(receiptOf('e'));
  const counts = { rowsVerified: 6, rowsWithoutHash: 1001, rowsNotLogged: 0 };
  expect(await db.verify()).toMatchObject({ ok: true, history: counts });

  await db.exportBackup({ directory: database.path('backup') });
  for (const from of ['json', 'image'] as const) {
    await db.restoreBackup({ directory: database.path('backup'), from, force: true });
    expect(await db.verify()).toMatchObject({ ok: true, history: counts });
  }
  await db.reset();
  await db.logAudit(auditOf('o'));
  expect(await db.verify()).toMatchObject({ ok: true, history: { entries: 4, rowsVerified: 1 } });
});

it('answers for a database that was adopted, and says nothing of history without a change log', async () => {
  const database = createTestDatabase();
  nativeSqlite(database.file, originalSchema.sql, nativeAudits(1500));
  const db = await database.open();
  expect(await db.verify()).toMatchObject({ ok: true, history: null });
  await db.enableHistory();
  expect(await db.verify()).toMatchObject({ ok: true, history: { entries: 1500, rowsVerified: 1500 } });
  database.native("UPDATE audit_log SET details = 'other' WHERE rowid > 1000");
  const report = await db.verify();
  expect(report.problemCount).toBe(500);
  expect(report.problems.map(({ row }) => row)).toEqual(upTo(100).map((n) => `audit_log ${1001 + n}`));
});

it('notices a log that ends before what it noted of its length', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.logAudits(upTo(600).map(() => auditOf('o')));
  await db.logAudit(auditOf('last'));
  database.native('DELETE FROM _change_log WHERE seq > 200', 'DELETE FROM audit_log WHERE rowid > 200');
  expect((await db.verify()).problems).toEqual([
    {
      check: 'history',
      row: null,
      message: expect.stringMatching(/ends with entry 200, but 60\d were written/) as string,
    },
  ]);
});

it('lists the first problems of every table, however many another one has', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.record({ audits: upTo(300).map(() => auditOf('o')), memories: [memoryOf('m')] });
  database.native(
    'UPDATE audit_log SET duration_ms = 1',
    "UPDATE agent_memory SET agent_type = 'x'",
    'DELETE FROM _change_log WHERE seq = 7',
  );
  const { problems, problemCount } = await db.verify();
  expect(problemCount).toBe(302);
  const rows = problems.map(({ row }) => row);
  expect(rows.slice(0, 3)).toEqual([null, 'agent_memory 1', 'audit_log 1']);
  expect(rows).toHaveLength(103);
});

it('compares one state while rows are saved, and stops when it is aborted', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.logAudits(upTo(3000).map(() => auditOf('o')));
  const saves: Promise<unknown>[] = [];
  const report = await db.verify({
    onProgress: () => void saves.push(db.saveMemory(memoryOf('m'))),
  });
  expect(report.problems).toEqual([]);
  await Promise.all(saves);
  expect(saves.length).toBeGreaterThan(5);
  const stop = new AbortController();
  const verifying = db.verify({
    signal: stop.signal,
    onProgress: ({ stage }) => stage === 'history' && stop.abort(),
  });
  await expect(verifying).rejects.toMatchObject({ code: 'ABORTED' });
});

it.each([10n ** 15n, 1_764_430_000_000_000n, 2n ** 60n, 2n ** 63n - 2n])(
  'reads rowids beyond %d exactly, of rows that a cleanup deleted',
  async (after) => {
    const database = createTestDatabase();
    const db = await database.open();
    database.native(nativeAuditsAfter(after, 1));
    await db.logAudit(auditOf('o'));
    await db.cleanup({ days: 90 });
    expect(await db.verify()).toMatchObject({ ok: true, problems: [], history: { rowsVerified: 1 } });
  },
);

it('reads rowids beyond 2^53 exactly, of rows that one entry stands for', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  database.native(nativeAuditsAfter(2n ** 60n, 1200));
  await db.logAudit(auditOf('o'));
  expect(await db.verify()).toMatchObject({ problems: [], history: { rowsWithoutHash: 1200 } });
  await db.cleanup({ days: 90 });
  expect(await db.verify()).toMatchObject({ problems: [], history: { rowsWithoutHash: 0 } });
});

it.each([
  [
    'deleted by another program',
    (db: Persistence, native: Native) => native('DELETE FROM audit_log WHERE rowid > 9e18'),
  ],
  ['deleted by a cleanup', (db: Persistence) => db.cleanup({ days: 90 })],
  [
    'given another rowid by a restore from JSON',
    async (db: Persistence) => {
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      await db.restoreBackup({ directory, from: 'json', force: true });
    },
  ],
])('finds nothing out of order once the greatest rowid was %s', async (name, remove) => {
  const database = createTestDatabase();
  const db = await database.open();
  database.native(nativeAuditsAfter(2n ** 63n - 2n, 1));
  for (const n of upTo(6)) await db.logAudit(auditOf(`o-${n}`));
  await remove(db, (sql) => database.native(sql));
  await db.logAudit(auditOf('last'));
  const messages = (await db.verify()).problems.map(({ message }) => message);
  expect(messages.filter((message) => message.includes('out of order'))).toEqual([]);
  expect(messages).toHaveLength(name === 'deleted by another program' ? 1 : 0);
});

it.each([
  ['a member more', "UPDATE _change_log SET body = json_set(body, '$.note', 1) WHERE body IS NOT NULL"],
  ['a member less', "UPDATE _change_log SET body = json_remove(body, '$.agent_type') WHERE body IS NOT NULL"],
  [
    'a member twice',
    `UPDATE _change_log SET body = '{"version":7,' || substr(body, 2) WHERE body IS NOT NULL`,
  ],
  ['no object', "UPDATE _change_log SET body = 'x' WHERE kind = 'receipt.saved'"],
  ['that of another kind', "UPDATE _change_log SET body = '{}' WHERE kind = 'audit.logged'"],
])('finds a body that no entry of its kind has (%s)', async (_, sql) => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.record({ receipts: [receiptOf('e')], audits: [auditOf('o')], memories: [memoryOf('m')] });
  await db.saveMemory(memoryOf('m', { memory: { second: true } }));
  expect(await db.verify()).toMatchObject({ ok: true });
  database.native(sql);
  const { problems } = await db.verify();
  expect(problems[0]?.message).toMatch(/entry \d .*its body is not that of a replaced row/);
});

it('finds that entries have lost their rowids after a restore from JSON', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipts(upTo(3).map((n) => receiptOf(`e-${n}`)));
  const directory = new MemoryBackupDirectory();
  await db.exportBackup({ directory });
  await db.restoreBackup({ directory, from: 'json', force: true });
  await db.saveReceipt(receiptOf('later'));
  expect(await db.verify()).toMatchObject({ ok: true, history: { rowsVerified: 4 } });
  database.native(
    'DELETE FROM receipts WHERE rowid = 2',
    'UPDATE _change_log SET row_rowid = NULL WHERE row_rowid = 2',
  );
  const { problems } = await db.verify();
  expect(problems).toEqual([
    {
      check: 'history',
      row: null,
      message: expect.stringMatching(/counts 3 entries of receipts .* but there are 2/) as string,
    },
  ]);
});

it('follows a memory that was deleted and saved again before a restore from JSON', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const save = (n: number): Promise<unknown> => db.saveMemory(memoryOf('m', { memory: { n } }));
  for (const n of [1, 2]) await save(n);
  await db.deleteRecord({ agentId: 'm', reason: 'r' });
  for (const n of [3, 4]) await save(n);
  const directory = new MemoryBackupDirectory();
  await db.exportBackup({ directory });
  await db.restoreBackup({ directory, from: 'json', force: true });
  await save(5);
  expect(await db.verify()).toMatchObject({ problems: [], history: { rowsVerified: 1 } });
  // Without what it replaced, an entry is that of a first save, before which nothing was deleted.
  database.native('UPDATE _change_log SET body = NULL WHERE seq = (SELECT max(seq) FROM _change_log)');
  const { problems } = await db.verify();
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^the row of entry \d+ of the change log .* was deleted by another program/),
  ]);
});

it('takes rows with any rowid for new ones in a table that has no entry, or was emptied', async () => {
  const database = createTestDatabase();
  const clock = new SettableClock('2020-01-02T00:00:00Z');
  let db = await database.open({ clock: clock.read });
  for (const _ of ['no entry', 'emptied']) {
    database.native(nativeAuditsAfter(-6, 2));
    expect(await db.verify()).toMatchObject({ problems: [], history: { rowsNotLogged: 2 } });
    await db.saveReceipt(receiptOf(`e-${_}`));
    expect(await db.verify()).toMatchObject({ problems: [], history: { rowsNotLogged: 0 } });
    await db.logAudits([auditOf('o'), auditOf('o')]);
    expect(await db.verify()).toMatchObject({ problems: [], history: { rowsNotLogged: 0 } });
    clock.forwardDays(100);
    await db.cleanup({ days: 90 });
    expect(await db.verify()).toMatchObject({ problems: [] });
    expect(database.native('SELECT count(*) FROM audit_log')).toBe('0');
    await db.close();
    db = await database.open({ clock: clock.read });
  }
  const kinds = database.native("SELECT group_concat(kind) FROM _change_log WHERE kind LIKE 'audit.%'");
  const once = 'audit.adopted,audit.adopted,audit.logged,audit.logged';
  expect(kinds).toBe(`${once},${once}`);
});
