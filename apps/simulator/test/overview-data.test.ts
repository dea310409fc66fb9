import { openPersistence } from '@ggen-sim/core';
import { expect, test } from 'vitest';
import { FIRST_ERRORS_SQL } from '../src/overview/overview-data.ts';

test('the first errors of agents are found in the rows of the period, not in every row', async () => {
  await using database = await openPersistence({ storage: 'memory' });
  const { rows } = await database.querySql({
    sql: FIRST_ERRORS_SQL,
    parameters: ['2026-01-01 00:00:00'],
    explain: true,
  });
  expect(rows.map((row) => row[3])).toEqual([
    'SEARCH receipts USING INDEX idx_receipts_created_at (created_at>?)',
    'USE TEMP B-TREE FOR GROUP BY',
  ]);
});
