/** How SQLite answers each shipped query. A plan that changes is a decision, not an accident. */
import { openDatabase, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteConnection } from '../src/engine/sqlite-connection.ts';
import {
  AGENT_METRICS_SQL,
  AUDIT_COUNT_SQL,
  LAST_RECEIPT_SQL,
  MEMORY_COUNT_SQL,
  RECEIPT_COUNTS_SQL,
  RECEIPT_STATISTICS_SQL,
} from '../src/repositories/analytics.repository.ts';
import { newestFirstQueries } from '../src/repositories/newest-first.ts';
import { agentMemoryTable } from '../src/schema/agent-memory.table.ts';
import { auditLogTable } from '../src/schema/audit-log.table.ts';
import { migrate } from '../src/schema/migrator.ts';
import { receiptsTable } from '../src/schema/receipts.table.ts';

let connection: SqliteConnection;
beforeAll(async () => {
  connection = new SqliteConnection(await openDatabase(memoryStorage()));
  migrate(connection, new Date());
});
afterAll(() => connection.durable.close());

const plan = (sql: string): string[] =>
  sql.split(';').flatMap((one) => connection.all(`EXPLAIN QUERY PLAN ${one}`).map((row) => String(row[3])));

const start = { time: '2026-01-01 00:00:00', rowid: 1, taken: 1 };
const newest = (...parameters: Parameters<typeof newestFirstQueries>): string =>
  newestFirstQueries(...parameters)
    .map(({ sql }) => sql)
    .join(';\n');

describe('query plans', () => {
  it.each([
    [
      'receipts, newest first',
      newest(receiptsTable, { agent: '%' }, undefined),
      ['SCAN receipts USING INDEX idx_receipts_created_at'],
    ],
    [
      'receipts of some agents',
      newest(receiptsTable, { agent: 'a%' }, undefined),
      ['SCAN receipts USING INDEX idx_receipts_created_at'],
    ],
    [
      'the next receipts',
      newest(receiptsTable, { agent: 'a%' }, start),
      [
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at=? AND rowid<?)',
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at<?)',
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at=?)',
      ],
    ],
    [
      'receipts without a time',
      newest(receiptsTable, { agent: '%' }, { ...start, time: null }),
      ['SEARCH receipts USING INDEX idx_receipts_created_at (created_at=? AND rowid<?)'],
    ],
    [
      'the audit trail since a day',
      newest(auditLogTable, { agent: '%', since: start.time }, undefined),
      ['SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp>?)'],
    ],
    [
      'the next of it',
      newest(auditLogTable, { agent: 'a%', since: start.time }, start),
      [
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp=? AND rowid<?)',
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp>? AND timestamp<?)',
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp=?)',
      ],
    ],
    [
      'memory, latest first',
      newest(agentMemoryTable, { agent: '%' }, undefined),
      ['SCAN agent_memory', 'USE TEMP B-TREE FOR ORDER BY'],
    ],
    ['agent metrics', AGENT_METRICS_SQL, ['SCAN audit_log USING COVERING INDEX idx_audit_log_agent']],
    [
      'receipt statistics',
      RECEIPT_STATISTICS_SQL,
      [
        'SCAN receipts USING COVERING INDEX idx_receipts_agent',
        'USE TEMP B-TREE FOR GROUP BY',
        'USE TEMP B-TREE FOR ORDER BY',
      ],
    ],
    [
      'receipts by status',
      RECEIPT_COUNTS_SQL,
      [
        'SCAN CONSTANT ROW',
        'SCALAR SUBQUERY 1',
        'SCAN receipts USING COVERING INDEX idx_receipts_created_at',
        'SCALAR SUBQUERY 2',
        'SEARCH receipts USING COVERING INDEX idx_receipts_status (status=?)',
        'SCALAR SUBQUERY 3',
        'SEARCH receipts USING COVERING INDEX idx_receipts_status (status<?)',
        'SCALAR SUBQUERY 4',
        'SEARCH receipts USING COVERING INDEX idx_receipts_status (status>? AND status<?)',
        'SCALAR SUBQUERY 5',
        'SEARCH receipts USING COVERING INDEX idx_receipts_status (status>?)',
      ],
    ],
    [
      'the newest receipt',
      LAST_RECEIPT_SQL,
      ['SEARCH receipts USING COVERING INDEX idx_receipts_created_at'],
    ],
    ['audit entries', AUDIT_COUNT_SQL, ['SCAN audit_log USING COVERING INDEX idx_audit_log_timestamp']],
    ['agents', MEMORY_COUNT_SQL, ['SCAN agent_memory USING COVERING INDEX sqlite_autoindex_agent_memory_2']],
    [
      'a receipt by its id',
      'SELECT receipt_json FROM receipts WHERE receipt_id = ?',
      ['SEARCH receipts USING INDEX sqlite_autoindex_receipts_1 (receipt_id=?)'],
    ],
    [
      'an agent’s memory',
      'SELECT memory_json FROM agent_memory WHERE agent_id = ?',
      ['SEARCH agent_memory USING INDEX sqlite_autoindex_agent_memory_2 (agent_id=?)'],
    ],
    [
      'old receipts',
      'SELECT count(*) FROM receipts WHERE created_at < ?',
      ['SEARCH receipts USING COVERING INDEX idx_receipts_created_at (created_at<?)'],
    ],
    [
      'old audit entries',
      'SELECT rowid FROM audit_log WHERE timestamp < ? LIMIT 2000',
      ['SEARCH audit_log USING COVERING INDEX idx_audit_log_timestamp (timestamp<?)'],
    ],
  ])('%s', (_name, sql, expected) => {
    expect(plan(sql)).toEqual(expected);
  });
});
