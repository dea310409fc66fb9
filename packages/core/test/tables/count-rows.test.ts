/** Counts are the same, whatever is read for them, and read little of a short period. */
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { countQuery, countRows, type CountAccess } from '../../src/tables/count-rows.ts';
import { receiptsTable } from '../../src/tables/receipts.ts';
import { checkConditions, type RowFilter } from '../../src/tables/row-filter.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { checkAgent, EVERY_AGENT } from '../../src/validation/like-pattern.ts';

const ROWS = 21_600;

let connection: SqliteConnection;
let statements: string[];
beforeAll(async () => {
  connection = new SqliteConnection(await openDatabase(memoryStorage()));
  await migrate(connection, new Date(), performance.now());
  connection.durable.database.exec(
    `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, created_at, updated_at, duration_ms)
     WITH RECURSIVE number(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM number WHERE value < ${ROWS - 1})
     SELECT 'r' || value, 'e' || value, 'agent-' || (value % 20), 'test', '{}',
       CASE WHEN value % 3 = 0 THEN 'error' ELSE 'success' END, datetime('2026-01-01', value || ' minutes'), '', 1
     FROM number`,
  );
  const get = connection.get.bind(connection);
  connection.get = (sql, values) => {
    statements.push(sql);
    return get(sql, values);
  };
});
afterAll(() => connection.durable.close());

const errors = checkConditions('test', receiptsTable, { status: 'error' });
const some = checkAgent('test', { agent: 'agent-1*' });
const one = checkAgent('test', { agentExact: 'agent-3' });
const late = '2026-01-15 08:00:00';
const lateRows = ROWS - (14 * 24 + 8) * 60;
const count = (filter: RowFilter): [rows: number, read: string | undefined] => {
  statements = [];
  const rows = countRows(connection, receiptsTable, filter);
  return [rows, / (?:NOT INDEXED|INDEXED BY \w+)/.exec(statements.at(-1) ?? '')?.[0]];
};

describe('a count with several conditions', () => {
  it('reads the rows of a period when they are few', () => {
    expect(count({ agent: EVERY_AGENT, since: late, conditions: errors })).toEqual([
      lateRows / 3,
      ' INDEXED BY idx_receipts_created_at',
    ]);
    expect(count({ agent: some, since: late })).toEqual([
      (lateRows * 11) / 20,
      ' INDEXED BY idx_receipts_created_at',
    ]);
  });

  it('reads the agent index when they are many, or of one agent', () => {
    expect(count({ agent: EVERY_AGENT, until: late, conditions: errors })).toEqual([
      (ROWS - lateRows) / 3,
      ' INDEXED BY idx_receipts_agent',
    ]);
    expect(count({ agent: some })).toEqual([(ROWS * 11) / 20, ' INDEXED BY idx_receipts_agent']);
    expect(count({ agent: one, since: late })).toEqual([lateRows / 20, ' INDEXED BY idx_receipts_agent']);
  });

  it('reads all rows where a read costs a call, unless they are large', () => {
    const { storage } = connection.durable;
    const { capabilities } = storage;
    Object.assign(storage, { capabilities: { ...capabilities, pagesInMemory: 'cache' } });
    expect(count({ agent: some })).toEqual([(ROWS * 11) / 20, ' NOT INDEXED']);
    expect(count({ agent: some, since: late })[1]).toBe(' INDEXED BY idx_receipts_created_at');
    expect(count({ agent: one })).toEqual([ROWS / 20, ' INDEXED BY idx_receipts_agent']);
    const { sizeBytes } = connection;
    connection.sizeBytes = () => ROWS * 5000;
    expect(count({ agent: some })[1]).toBe(' INDEXED BY idx_receipts_agent');
    connection.sizeBytes = sizeBytes;
    Object.assign(storage, { capabilities });
  });

  it('does not take the index of times where another program stored times of another form', () => {
    connection.run('SAVEPOINT foreign_time', []);
    connection.run("UPDATE receipts SET created_at = 1767225600 WHERE receipt_id = 'r0'", []);
    expect(count({ agent: EVERY_AGENT, since: late, conditions: errors })).toEqual([
      lateRows / 3,
      ' INDEXED BY idx_receipts_agent',
    ]);
    connection.run('ROLLBACK TO foreign_time', []);
    connection.run('RELEASE foreign_time', []);
  });

  it.each<CountAccess>(['agent index', 'time index', 'rows'])('is the same by %s', (access) => {
    const filter = { agent: some, since: late, conditions: errors };
    const { sql, values } = countQuery(receiptsTable, filter, undefined, undefined, access);
    const [expected] = count(filter);
    expect(expected).toBeGreaterThan(0);
    expect(connection.get(sql, values)).toEqual([expected]);
  });
});
