/** The check of a large database reads a copy, so that saves of other processes wait for no integrity check. */
import { expect, it } from 'vitest';
import { createTestDatabase } from '../support/test-database.ts';

it('verify reads one state of a large database while another process saves', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const insert = 'INSERT INTO audit_log (audit_id, agent_id, operation, status, details)';
  database.native(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70)
    ${insert} SELECT 'id-' || i, 'a', 'o', 'completed', printf('%.*c', 1000000, 'x') FROM n`);
  let saves = 0;
  const report = await db.verify({
    onProgress({ stage }) {
      if (stage === 'copy') return;
      database.native(`${insert} VALUES ('saved-${saves++}', 'a', 'o', 'perhaps', 'text')`);
    },
  });
  expect(report.ok).toBe(true);
  expect(saves).toBeGreaterThan(2);
  expect((await db.verify()).problemCount).toBe(saves);
});
