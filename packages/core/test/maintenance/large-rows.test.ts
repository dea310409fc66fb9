/** Rows are read by their size, so that memory stays bounded when another program stores large ones. */
import { expect, it } from 'vitest';
import type { LongOperationOptions, Persistence } from '../../src/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const ROWS = 40;
/** Rows of a million characters that complete 8 MiB. */
const MAX_ROWS_AT_A_TIME = 9;

async function openFilled(database: TestDatabase): Promise<Persistence> {
  const db = await database.open();
  database.native(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
    INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
    SELECT 'id-' || i, 'a', 'o', 'completed', printf('%.*c', 1000000, 'x') FROM n`);
  return db;
}

/** @returns the greatest number of rows of the audit trail between two reports of an operation */
async function greatestStep(run: (options: LongOperationOptions) => Promise<unknown>): Promise<number> {
  const read: number[] = [];
  await run({
    onProgress({ stage, done }) {
      if (stage === 'audit_log') read.push(done);
    },
  });
  expect(read.at(-1)).toBe(ROWS);
  return Math.max(...read.map((done, index) => done - (read[index - 1] ?? 0)));
}

it('verify reads large rows a few at a time', async () => {
  const db = await openFilled(createTestDatabase());
  expect(await greatestStep((options) => db.verify(options))).toBeLessThanOrEqual(MAX_ROWS_AT_A_TIME);
});

it('a backup and a restore of its rows read large ones a few at a time', async () => {
  const database = createTestDatabase();
  const directory = database.path('backup');
  const db = await openFilled(database);
  expect(await greatestStep((options) => db.exportBackup({ ...options, directory }))).toBeLessThanOrEqual(
    MAX_ROWS_AT_A_TIME,
  );
  const other = await database.open({ path: database.path('other.db') });
  expect(
    await greatestStep((options) => other.restoreBackup({ ...options, directory, from: 'json' })),
  ).toBeLessThanOrEqual(MAX_ROWS_AT_A_TIME);
});
