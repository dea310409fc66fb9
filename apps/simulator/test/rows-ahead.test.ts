/** Rows that are read before their table is there: taken once, by the same query, and not when they are old. */
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { beforeAll, expect, it } from 'vitest';
import { replaceDatabase } from '../src/database/database.ts';
import { readRowsAhead, takeRowsAhead } from '../src/tables/rows-ahead.ts';

let database: Persistence;

const save = (executionId: string): Promise<unknown> =>
  database.saveReceipt({ executionId, agentId: 'agent', agentType: 'validation', receipt: '{}' });

const readAhead = (): Promise<void> =>
  readRowsAhead('receipts newest', 'receipts', (persistence) => persistence.queryReceipts());

const executions = async (rows: AsyncIterable<{ executionId: string }> | undefined): Promise<string[]> => {
  const found: string[] = [];
  for await (const { executionId } of rows ?? []) found.push(executionId);
  return found;
};

beforeAll(async () => {
  database = await openPersistence({ storage: 'memory', worker: false });
  replaceDatabase({ phase: 'open', persistence: database, persistent: false, encrypted: false });
  await save('first');
  await save('second');
  return () => database.close();
});

it('gives the rows of the query, once', async () => {
  await readAhead();
  const rows = takeRowsAhead<{ executionId: string }>('receipts newest', database);
  expect((await executions(rows)).toSorted()).toEqual(['first', 'second']);
  expect(takeRowsAhead('receipts newest', database)).toBeUndefined();
});

it('gives no rows of another query or database', async () => {
  await readAhead();
  expect(takeRowsAhead('receipts oldest', database)).toBeUndefined();
  await readAhead();
  await using other = await openPersistence({ storage: 'memory', worker: false });
  expect(takeRowsAhead('receipts newest', other)).toBeUndefined();
});

it('gives no rows that a commit has made old', async () => {
  await readAhead();
  await save('third');
  expect(takeRowsAhead('receipts newest', database)).toBeUndefined();
});

it('tells who takes the rows why there are none', async () => {
  await readRowsAhead('wrong', 'receipts', (persistence) => persistence.queryReceipts({ since: 'no time' }));
  const rows = takeRowsAhead<{ executionId: string }>('wrong', database);
  await expect(executions(rows)).rejects.toThrow(/since/);
});
