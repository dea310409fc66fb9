/** Retention in large and odd databases: batches beside saves, an abort, times of other programs, and policies of theirs. */
import { expect, it } from 'vitest';
import { auditOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';

it('deletes in batches beside saves, stops after one when aborted, and goes on later', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.logAudits(upTo(6500).map((n) => auditOf('o', { details: String(n) })));
  const [held] = await db.queryAuditTrail({ order: 'oldest-first', limit: 1 });
  await db.addHold({ auditId: held?.auditId ?? '', reason: 'r' });
  await db.setRetentionPolicy({ name: 'trail', table: 'audit_log', maxCount: 100 });
  const stop = new AbortController();
  const saves: Promise<unknown>[] = [];
  const aborted = db.runRetention({
    signal: stop.signal,
    onProgress() {
      saves.push(db.saveReceipt(receiptOf(`r-${saves.length}`)));
      stop.abort();
    },
  });
  await expect(aborted).rejects.toMatchObject({
    code: 'ABORTED',
    message: expect.stringContaining('1999 rows were deleted before') as string,
  });
  await Promise.all(saves);
  expect(await db.countAuditTrail()).toBe(4501);
  const [policy] = (await db.runRetention({ vacuum: false })).policies;
  expect(policy).toEqual({ name: 'trail', table: 'audit_log', rowsDeleted: 4400, rowsHeld: 1 });
  const left = await db.queryAuditTrail({ order: 'oldest-first' });
  expect(left).toHaveLength(101);
  expect([left[0]?.details, left[1]?.details, left.at(-1)?.details]).toEqual(['0', '6400', '6499']);
  expect(await db.verify()).toMatchObject({ problems: [], history: { rowsDeleted: 6399 } });
});

it.each([true, false])(
  'orders times of other programs as moments, and keeps what has no time (dry run: %s)',
  async (dryRun) => {
    const database = createTestDatabase();
    const db = await database.open();
    const times = [
      "'2020-01-01T00:00:00Z'",
      "'2021-01-01 00:00:00'",
      '1640995200',
      'NULL',
      "'unknown'",
      "'2023-01-01 00:00:00'",
    ];
    for (const [index, time] of times.entries()) {
      database.native(
        `INSERT INTO audit_log (audit_id, timestamp, agent_id, operation, status) VALUES ('${index}', ${time}, 'a', 'o', 'completed')`,
      );
    }
    await db.setRetentionPolicy({ name: 'a', table: 'audit_log', maxAgeDays: 1500, maxCount: 1000 });
    const old = await db.runRetention({ dryRun });
    const sinceMs = Date.now() - 1500 * 86_400_000;
    const expected = ['2020-01-01', '2021-01-01', '2022-01-01', '2023-01-01'].filter(
      (day) => Date.parse(day) < sinceMs,
    );
    expect(old.policies[0]?.rowsDeleted).toBe(expected.length);
    if (dryRun) return;
    await db.setRetentionPolicy({ name: 'a', table: 'audit_log', maxCount: 0 });
    await db.runRetention();
    expect(database.native('SELECT count(*) FROM audit_log')).toBe('0');
  },
);

it('refuses policies that another program stored wrongly, and deletes nothing', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.saveReceipt(receiptOf('a'));
  await db.setRetentionPolicy({ name: 'a', table: 'receipts', maxCount: 0 });
  for (const [policy, code] of [
    ['no JSON', 'INVALID_JSON'],
    ['null', 'INVALID_JSON'],
    ['{"table":"agent_memory","maxCount":0}', 'INVALID_ARGUMENT'],
    ['{"table":"receipts"}', 'INVALID_ARGUMENT'],
    ['{"table":"receipts","maxCount":"0"}', 'INVALID_ARGUMENT'],
    ['{"table":"receipts; DROP TABLE receipts","maxCount":0}', 'INVALID_ARGUMENT'],
  ] as const) {
    database.native(
      `INSERT OR REPLACE INTO _schema_metadata (key, value) VALUES ('retention:b', '${policy}')`,
    );
    await expect(db.runRetention(), policy).rejects.toMatchObject({ code });
    expect(await db.countReceipts()).toBe(1);
  }
  await db.removeRetentionPolicy('b');
  expect((await db.runRetention()).policies).toMatchObject([{ rowsDeleted: 1 }]);
});
