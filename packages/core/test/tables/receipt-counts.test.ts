/** Counts of receipts by status, made in ranges and in passes of four statuses: no receipt is missed or counted twice. */
import { EVERY_AGENT } from '../../src/validation/like-pattern.ts';
import { openDatabase, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { expect, it } from 'vitest';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { readCounts, readReceiptStatistics } from '../../src/tables/analytics.ts';
import { migrate } from '../../src/schema/migrator.ts';

it('counts receipts with any status, including those that other programs wrote', async () => {
  const connection = new SqliteConnection(await openDatabase(memoryStorage()));
  await migrate(connection, new Date(), performance.now());
  const known = ['success', 'success', 'success', 'error', 'error', 'partial'];
  const others = ['', 'aborted', 'errors', 'ERROR', 'Success', 'succes', 'successful', 'timeout', 'ü'];
  const statuses = [...known, ...others];
  for (const [index, status] of statuses.entries()) {
    connection.run(
      `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, duration_ms)
       VALUES (?, ?, 'a', 't', '{}', ?, ?)`,
      [`r${index}`, `e${index}`, status, index],
    );
  }
  const { receiptsTotal, receiptsSuccess, receiptsError } = readCounts(connection);
  expect({ receiptsTotal, receiptsSuccess, receiptsError }).toEqual({
    receiptsTotal: statuses.length,
    receiptsSuccess: 3,
    receiptsError: 2,
  });
  const statistics = readReceiptStatistics(connection, EVERY_AGENT, '');
  expect(statistics.slice(0, 2)).toEqual([
    { status: 'success', count: 3, avgDurationMs: 1 },
    { status: 'error', count: 2, avgDurationMs: 3.5 },
  ]);
  expect(statistics.slice(2).toSorted((one, other) => (one.status < other.status ? -1 : 1))).toEqual(
    ['partial', ...others]
      .map((status) => ({ status, count: 1, avgDurationMs: statuses.indexOf(status) }))
      .toSorted((one, other) => (one.status < other.status ? -1 : 1)),
  );
  connection.durable.close();
});
