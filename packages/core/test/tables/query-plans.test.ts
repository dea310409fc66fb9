/** The query plans of SQLite for each query, so that a plan changes by decision and not by accident. */
import { openDatabase, memoryStorage } from '@ggen-sim/sqljs-vfs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceiptFilters } from '../../src/index.ts';
import { DatabasePersistence } from '../../src/persistence/database-persistence.ts';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import {
  agentMetricsSql,
  agentSeenSql,
  AUDIT_COUNT_SQL,
  LAST_RECEIPT_SQL,
  MEMORY_COUNT_SQL,
  RECEIPT_COUNTS_SQL,
  RECEIPT_STATUSES_SQL,
  auditedAgentsSql,
  receiptStatisticsSql,
} from '../../src/tables/analytics.ts';
import { countQuery } from '../../src/tables/count-rows.ts';
import { keysetQueries } from '../../src/tables/keyset-pagination.ts';
import { checkConditions, type RowConditions } from '../../src/tables/row-filter.ts';
import { agentMemoryTable } from '../../src/tables/agent-memory.ts';
import { auditLogTable } from '../../src/tables/audit-log.ts';
import { TABLES } from '../../src/tables/index.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/engine/retry.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { checkAgent, EVERY_AGENT, type AgentFilter } from '../../src/validation/like-pattern.ts';
import { receiptsTable } from '../../src/tables/receipts.ts';
import { MemoryBackupDirectory } from '../../src/testing/index.ts';
import { auditOf, collect, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';

const SOME_AGENTS = checkAgent('test', { agent: 'a%' });
const ONE_AGENT = checkAgent('test', { agentExact: 'a' });

let connection: SqliteConnection;
beforeAll(async () => {
  connection = new SqliteConnection(await openDatabase(memoryStorage()));
  await migrate(connection, new Date(), performance.now());
});
afterAll(() => connection.durable.close());

const plan = (sql: string): string[] =>
  sql.split(';').flatMap((one) => connection.all(`EXPLAIN QUERY PLAN ${one}`).map((row) => String(row[3])));

const cursor = { sortKey: '2026-01-01 00:00:00', rowid: 1, consumed: 1 };
const batches = (...parameters: Parameters<typeof keysetQueries>): string =>
  keysetQueries(...parameters)
    .map(({ sql }) => sql)
    .join(';\n');

const receiptsWith = (filters: ReceiptFilters): RowConditions =>
  checkConditions('test', receiptsTable, filters);
const selective = (filters: ReceiptFilters, agent: AgentFilter = SOME_AGENTS): string => {
  const conditions = receiptsWith(filters);
  return keysetQueries(receiptsTable, { agent, since: '2026', conditions }, cursor, conditions.columns[0])
    .map(({ sql }) => sql)
    .join(';\n');
};

describe('query plans', () => {
  it.each([
    [
      'receipts, newest first',
      batches(receiptsTable, { agent: EVERY_AGENT }, undefined),
      ['SCAN receipts USING INDEX idx_receipts_created_at'],
    ],
    [
      'receipts of some agents',
      batches(receiptsTable, { agent: SOME_AGENTS }, undefined),
      ['SCAN receipts USING INDEX idx_receipts_created_at'],
    ],
    [
      'receipts of one agent',
      batches(receiptsTable, { agent: ONE_AGENT }, undefined),
      [
        'SEARCH receipts USING INDEX idx_receipts_agent (agent_id=?)',
        'USE TEMP B-TREE FOR LAST TERM OF ORDER BY',
      ],
    ],
    [
      'the next receipts',
      batches(receiptsTable, { agent: SOME_AGENTS }, cursor),
      [
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at=? AND rowid<?)',
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at<?)',
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at=?)',
      ],
    ],
    [
      'receipts without a time',
      batches(receiptsTable, { agent: EVERY_AGENT }, { ...cursor, sortKey: null }),
      ['SEARCH receipts USING INDEX idx_receipts_created_at (created_at=? AND rowid<?)'],
    ],
    [
      'receipts, oldest first',
      batches(receiptsTable, { agent: SOME_AGENTS, order: 'oldest-first' }, undefined),
      ['SCAN receipts USING INDEX idx_receipts_created_at'],
    ],
    [
      'the next receipts, oldest first',
      batches(receiptsTable, { agent: SOME_AGENTS, order: 'oldest-first' }, cursor),
      [
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at=? AND rowid>?)',
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at>?)',
      ],
    ],
    [
      'receipts without a time, oldest first',
      batches(receiptsTable, { agent: EVERY_AGENT, order: 'oldest-first' }, { ...cursor, sortKey: null }),
      [
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at=? AND rowid>?)',
        'SEARCH receipts USING INDEX idx_receipts_created_at (created_at>?)',
      ],
    ],
    [
      'the audit trail since a day',
      batches(auditLogTable, { agent: EVERY_AGENT, since: cursor.sortKey }, undefined),
      ['SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp>?)'],
    ],
    [
      'the next audit entries',
      batches(auditLogTable, { agent: SOME_AGENTS, since: cursor.sortKey }, cursor),
      [
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp=? AND rowid<?)',
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp>? AND timestamp<?)',
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp=?)',
      ],
    ],
    [
      'the audit trail since a day, oldest first',
      batches(auditLogTable, { agent: EVERY_AGENT, since: cursor.sortKey, order: 'oldest-first' }, undefined),
      ['SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp>?)'],
    ],
    [
      'the next audit entries, oldest first',
      batches(auditLogTable, { agent: SOME_AGENTS, since: cursor.sortKey, order: 'oldest-first' }, cursor),
      [
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp=? AND rowid>?)',
        'SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp>?)',
      ],
    ],
    [
      'receipts of a status that many have: read in order of time, until there are enough',
      batches(
        receiptsTable,
        { agent: EVERY_AGENT, conditions: receiptsWith({ status: 'success' }) },
        undefined,
      ),
      ['SCAN receipts USING INDEX idx_receipts_created_at'],
    ],
    [
      'receipts by type, text or JSON, which no index has: read in order of time, until there are enough',
      batches(
        receiptsTable,
        {
          agent: EVERY_AGENT,
          since: '2026-01-01',
          until: '2026-02-01',
          conditions: receiptsWith({ agentType: 'v*', text: 'x', where: '$.n > 1' }),
        },
        undefined,
      ),
      ['SEARCH receipts USING INDEX idx_receipts_created_at (created_at>? AND created_at<?)'],
    ],
    [
      'receipts of a status that few have: found by it, then sorted',
      selective({ status: ['error', 'partial'] }),
      upTo(3).flatMap(() => [
        'SEARCH receipts USING INDEX idx_receipts_status (status=?)',
        'USE TEMP B-TREE FOR ORDER BY',
      ]),
    ],
    [
      'receipts of an agent and a status that few have: found by the status, though the agent has an index',
      selective({ status: ['error', 'partial'] }, ONE_AGENT),
      upTo(3).flatMap(() => [
        'SEARCH receipts USING INDEX idx_receipts_status (status=?)',
        'USE TEMP B-TREE FOR ORDER BY',
      ]),
    ],
    [
      'the receipt of an execution',
      selective({ execution: 'e' }),
      upTo(3).map(() => 'SEARCH receipts USING INDEX sqlite_autoindex_receipts_2 (execution_id=?)'),
    ],
    [
      'receipts of few executions',
      selective({ execution: 'e*' }),
      upTo(3).flatMap(() => [
        'SEARCH receipts USING INDEX sqlite_autoindex_receipts_2 (execution_id>? AND execution_id<?)',
        'USE TEMP B-TREE FOR ORDER BY',
      ]),
    ],
    [
      'the longest receipts: all are compared, because an index of the durations would cost every save',
      batches(receiptsTable, { agent: EVERY_AGENT, order: 'longest-first' }, undefined),
      ['SCAN receipts', 'USE TEMP B-TREE FOR ORDER BY'],
    ],
    [
      'the number of receipts of a status',
      countQuery(receiptsTable, { agent: EVERY_AGENT, conditions: receiptsWith({ status: 'error' }) }).sql,
      ['SEARCH receipts USING COVERING INDEX idx_receipts_status (status=?)'],
    ],
    [
      'the number of receipts of a period',
      countQuery(receiptsTable, { agent: EVERY_AGENT, since: '2026' }).sql,
      ['SEARCH receipts USING COVERING INDEX idx_receipts_created_at (created_at>?)'],
    ],
    [
      'the number of receipts of a status in a period: the index that has both is read, and no row',
      countQuery(receiptsTable, {
        agent: EVERY_AGENT,
        since: '2026',
        conditions: receiptsWith({ status: 'success' }),
      }).sql,
      ['SCAN receipts USING COVERING INDEX idx_receipts_agent'],
    ],
    [
      'the number of receipts of a status in a short period: its rows are read',
      countQuery(
        receiptsTable,
        { agent: SOME_AGENTS, since: '2026', conditions: receiptsWith({ status: 'success' }) },
        undefined,
        undefined,
        'time index',
      ).sql,
      ['SEARCH receipts USING INDEX idx_receipts_created_at (created_at>?)'],
    ],
    [
      'the number of receipts of some agents where a call to read costs most: all rows are read',
      countQuery(receiptsTable, { agent: SOME_AGENTS }, undefined, undefined, 'rows').sql,
      ['SCAN receipts'],
    ],
    [
      'the number of receipts of an agent in a period',
      countQuery(receiptsTable, { agent: ONE_AGENT, since: '2026' }).sql,
      ['SEARCH receipts USING COVERING INDEX idx_receipts_agent (agent_id=? AND created_at>?)'],
    ],
    [
      'the number of receipts with a value: every row is read, because no index has the content',
      countQuery(receiptsTable, { agent: EVERY_AGENT, conditions: receiptsWith({ where: '$.n > 1' }) }).sql,
      ['SCAN receipts'],
    ],
    [
      'audit entries of an operation: read in order of time, until there are enough',
      batches(
        auditLogTable,
        {
          agent: EVERY_AGENT,
          since: cursor.sortKey,
          conditions: checkConditions('test', auditLogTable, { operation: 'o', status: 'failed' }),
        },
        undefined,
      ),
      ['SEARCH audit_log USING INDEX idx_audit_log_timestamp (timestamp>?)'],
    ],
    [
      'the number of audit entries of an operation in a period',
      countQuery(auditLogTable, {
        agent: EVERY_AGENT,
        since: '2026',
        conditions: checkConditions('test', auditLogTable, { operation: 'o', status: 'failed' }),
      }).sql,
      ['SCAN audit_log USING COVERING INDEX idx_audit_log_agent'],
    ],
    [
      'memory, latest first',
      batches(agentMemoryTable, { agent: EVERY_AGENT }, undefined),
      ['SCAN agent_memory', 'USE TEMP B-TREE FOR ORDER BY'],
    ],
    [
      'the agents of the audit trail',
      auditedAgentsSql(EVERY_AGENT),
      [
        'CO-ROUTINE distinct_values',
        'SETUP',
        'SEARCH audit_log USING COVERING INDEX idx_audit_log_agent',
        'RECURSIVE STEP',
        'SCAN distinct_values',
        'CORRELATED SCALAR SUBQUERY 2',
        'SEARCH audit_log USING COVERING INDEX idx_audit_log_agent (agent_id>?)',
        'SCAN distinct_values',
        'USE TEMP B-TREE FOR ORDER BY',
      ],
    ],
    [
      'metrics of an agent',
      agentMetricsSql('timestamp >= ?'),
      ['SEARCH audit_log USING COVERING INDEX idx_audit_log_agent (agent_id=? AND timestamp>?)'],
    ],
    [
      'an agent in a period',
      agentSeenSql('timestamp >= ?'),
      ['SEARCH audit_log USING COVERING INDEX idx_audit_log_agent (agent_id=? AND timestamp>?)'],
    ],
    [
      'the statuses of receipts',
      RECEIPT_STATUSES_SQL,
      [
        'CO-ROUTINE distinct_values',
        'SETUP',
        'SEARCH receipts USING COVERING INDEX idx_receipts_status',
        'RECURSIVE STEP',
        'SCAN distinct_values',
        'CORRELATED SCALAR SUBQUERY 2',
        'SEARCH receipts USING COVERING INDEX idx_receipts_status (status>?)',
        'SCAN distinct_values',
        'USE TEMP B-TREE FOR ORDER BY',
      ],
    ],
    [
      'receipts of a period, by status',
      receiptStatisticsSql(EVERY_AGENT, 'created_at >= ?'),
      [
        'CO-ROUTINE distinct_values',
        'SETUP',
        'SEARCH receipts USING COVERING INDEX idx_receipts_agent',
        'RECURSIVE STEP',
        'SCAN distinct_values',
        'CORRELATED SCALAR SUBQUERY 2',
        'SEARCH receipts USING COVERING INDEX idx_receipts_agent (agent_id>?)',
        'SCAN distinct_values',
        'SEARCH receipts USING COVERING INDEX idx_receipts_agent (agent_id=? AND created_at>?)',
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

/** Scans of a whole table or index, and sorts, that operations may make. Every other row is found by a search. */
const ALLOWED_SCANS: ReadonlyMap<string, string> = new Map([
  ['SCAN receipts USING INDEX idx_receipts_created_at', 'newest or oldest first, ends at the limit'],
  ['SCAN agent_memory', 'one row per agent'],
  ['USE TEMP B-TREE FOR ORDER BY', 'memories, agents and statuses, which are few'],
  ['SCAN distinct_values', 'agents and statuses, which are few'],
  ['SCAN (subquery-1)', 'entries of an index, up to a limit'],
  ['SCAN agent_memory USING COVERING INDEX sqlite_autoindex_agent_memory_2', 'a count for stats'],
  ['SCAN sqlite_schema', 'the schema'],
  ...TABLES.map(
    ({ name }) =>
      [`SCAN ${name} USING COVERING INDEX idx_${name}_time_form`, 'ends at the first entry'] as const,
  ),
  ...TABLES.filter(({ ageingColumn }) => ageingColumn !== undefined).map(
    ({ name, ageingColumn }) =>
      [
        `SCAN ${name} USING COVERING INDEX idx_${name}_${ageingColumn}`,
        'a count, by how many entries each page has',
      ] as const,
  ),
]);

it('operations scan and sort only where they have to', async () => {
  const recorded = new SqliteConnection(await openDatabase(memoryStorage()));
  await migrate(recorded, new Date(), performance.now());
  const statements = new Set<string>();
  const { database } = recorded.durable;
  const prepare = database.prepare.bind(database);
  database.prepare = (sql, parameters) => {
    statements.add(sql);
    return prepare(sql, parameters);
  };
  const db = new DatabasePersistence(recorded, DEFAULT_RETRY_POLICY, () => new Date(), 'strict');
  await db.saveReceipts(upTo(600).map((n) => receiptOf(`e-${n}`)));
  const { receiptId } = await db.saveReceipt(receiptOf('e-0', { ifAbsent: true }));
  await db.saveMemory(memoryOf('validator-1'));
  await db.logAudits(upTo(600).map((n) => auditOf(`o-${n}`)));
  await db.getReceipt(receiptId);
  await db.getMemory('validator-1');
  for (const agent of ['%', 'v*']) {
    await collect(db.queryReceipts({ agent, limit: 1000 }));
    await collect(db.queryMemory({ agent }));
    await collect(db.queryAuditTrail({ agent, limit: 1000 }));
    await collect(db.queryReceipts({ agent, limit: 1000, order: 'oldest-first' }));
    await collect(db.queryReceipts({ agent, status: 'success', text: 'x', where: '$.ok = true' }));
    await db.countReceipts({ agent, status: 'success', since: '2h' });
    await collect(db.queryMemory({ agent, order: 'oldest-first' }));
    await collect(db.queryAuditTrail({ agent, limit: 1000, order: 'oldest-first' }));
    await db.analytics({ agent });
  }
  await db.stats();
  await db.info();
  await db.verify();
  const directory = new MemoryBackupDirectory();
  await db.exportBackup({ directory });
  await db.restoreBackup({ directory, from: 'json', force: true });
  await db.cleanup({ days: 0, dryRun: true });
  await db.cleanup({ days: 0 });
  await db.reset();

  const plans = [...statements]
    .filter((sql) => /^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)/.test(sql))
    .flatMap(plan);
  const scans = plans.filter(
    (step) => /^SCAN|TEMP B-TREE/.test(step) && !/VIRTUAL TABLE|CONSTANT ROW/.test(step),
  );
  expect(plans.length).toBeGreaterThan(30);
  expect(new Set(scans)).toEqual(new Set(ALLOWED_SCANS.keys()));
  await db.close();
});
