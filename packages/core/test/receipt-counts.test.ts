/** The counts of `stats` are put together from ranges of statuses: none may be missed, none counted twice. */
import { openDatabase, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { expect, it } from 'vitest';
import { SqliteConnection } from '../src/engine/sqlite-connection.ts';
import { readCounts } from '../src/repositories/analytics.repository.ts';
import { migrate } from '../src/schema/migrator.ts';

it('counts receipts with any status, also those that others wrote', async () => {
  const connection = new SqliteConnection(await openDatabase(memoryStorage()));
  migrate(connection, new Date());
  const known = ['success', 'success', 'success', 'error', 'error', 'partial'];
  const others = ['', 'aborted', 'errors', 'ERROR', 'Success', 'succes', 'successful', 'timeout', 'ü'];
  const statuses = [...known, ...others];
  for (const [index, status] of statuses.entries()) {
    connection.run(
      `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
       VALUES (?, ?, 'a', 't', '{}', ?)`,
      [`r${index}`, `e${index}`, status],
    );
  }
  const { receiptsTotal, receiptsSuccess, receiptsError } = readCounts(connection);
  expect({ receiptsTotal, receiptsSuccess, receiptsError }).toEqual({
    receiptsTotal: statuses.length,
    receiptsSuccess: 3,
    receiptsError: 2,
  });
  connection.durable.close();
});
