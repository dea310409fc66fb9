/** Where the errors of real queries are marked. */
import { openPersistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { errorPlace } from '../src/sql/error-place.ts';

it.each([
  ['SELECT absent FROM receipts', 'absent'],
  ['SELECT r.absent FROM receipts AS r', 'r.absent'],
  ['SELECT * FROM nowhere', 'nowhere'],
  ["SELECT 'absent_too', absent(1)", 'absent'],
  ['SELECT status FORM receipts WHERE status = 1', 'receipts'],
  ['SELECT * FROM receipts WHERE ORDER BY 1', 'ORDER'],
  ['SELECT agent_id FROM receipts, audit_log', 'agent_id'],
  ['SELECT status, "x', '"x'],
  ['SELECT abs(1, 2)', 'abs'],
])('%s: %s', async (sql, wrong) => {
  const database = await openPersistence({ storage: 'memory' });
  const error = await database.querySql({ sql }).catch((thrown: unknown) => thrown);
  const { from, to } = errorPlace(sql, (error as Error).message) ?? { from: 0, to: 0 };
  expect(sql.slice(Math.max(0, from - 1), from)).not.toBe("'");
  expect(`${(error as Error).message}: ${sql.slice(from, to)}`).toBe(`${(error as Error).message}: ${wrong}`);
  await database.close();
});

it('marks nothing where the message names nothing', () => {
  expect(errorPlace('SELECT', 'Invalid sql: incomplete input')).toBeUndefined();
  expect(errorPlace('SELECT 1', 'Invalid sql: no such column: gone')).toBeUndefined();
});
