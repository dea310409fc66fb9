/** A cleanup of many rows deletes them in several transactions, so that other processes save in between. */
import { expect, it } from 'vitest';
import { createTestDatabase } from '../support/test-database.ts';

it('another process saves between the batches of a cleanup, and nothing of it is deleted', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const insert = 'INSERT INTO audit_log (audit_id, agent_id, operation, status, timestamp)';
  database.native(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    ${insert} SELECT 'old-' || i, 'a', 'o', 'completed', iif(i % 2, '2001-01-01 00:00:00', '2001-01-01T00:00:00Z') FROM n`);
  const changes: unknown[] = [];
  db.subscribe(({ tables }) => void changes.push(tables));
  let saves = 0;
  const report = await db.cleanup({
    days: 30,
    onProgress({ stage }) {
      if (stage !== 'audit_log') return;
      database.native(`${insert} VALUES ('new-${saves++}', 'a', 'o', 'completed', CURRENT_TIMESTAMP)`);
    },
  });
  expect(saves).toBe(3);
  expect(report).toMatchObject({ receiptsDeleted: 0, auditEntriesDeleted: 5000 });
  expect((await db.queryAuditTrail()).map(({ auditId }) => auditId).toSorted()).toEqual([
    'new-0',
    'new-1',
    'new-2',
  ]);
  expect(changes.length).toBeGreaterThan(0);
});
