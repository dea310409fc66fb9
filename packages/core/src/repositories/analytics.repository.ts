import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { AgentMetrics, AnalyticsPeriod, ReceiptStatistics, Stats } from '../persistence.ts';

/** How many days each period spans. */
export const PERIOD_DAYS: Readonly<Record<AnalyticsPeriod, number>> = {
  'last-24-hours': 1,
  'last-7-days': 7,
  'last-30-days': 30,
  'last-90-days': 90,
};

export const AGENT_METRICS_SQL = `
SELECT agent_id,
  count(*) FILTER (WHERE status IN ('completed', 'failed')),
  count(*) FILTER (WHERE status = 'completed'),
  count(*) FILTER (WHERE status = 'failed'),
  round(avg(duration_ms) FILTER (WHERE status IN ('completed', 'failed')), 2),
  min(duration_ms) FILTER (WHERE status IN ('completed', 'failed')),
  max(duration_ms) FILTER (WHERE status IN ('completed', 'failed'))
FROM audit_log INDEXED BY idx_audit_log_agent
WHERE agent_id LIKE ? AND timestamp >= ?
GROUP BY agent_id ORDER BY agent_id`;

export const RECEIPT_STATISTICS_SQL = `
SELECT status, count(*), round(avg(duration_ms), 2)
FROM receipts INDEXED BY idx_receipts_agent
WHERE agent_id LIKE ? AND created_at >= ?
GROUP BY status ORDER BY count(*) DESC, status`;

/**
 * Audit entries of a period by agent. An operation counts once, when it has ended: `started` and `retry` announce what
 * `completed` or `failed` settles.
 */
export function readAgentMetrics(connection: SqliteConnection, agent: string, since: string): AgentMetrics[] {
  return connection.all(AGENT_METRICS_SQL, [agent, since]).map((row) => ({
    agentId: String(row[0]),
    totalOperations: Number(row[1]),
    successfulOperations: Number(row[2]),
    failedOperations: Number(row[3]),
    avgDurationMs: row[4] as number | null,
    minDurationMs: row[5] as number | null,
    maxDurationMs: row[6] as number | null,
  }));
}

/** Receipts of a period by status. */
export function readReceiptStatistics(
  connection: SqliteConnection,
  agent: string,
  since: string,
): ReceiptStatistics[] {
  return connection.all(RECEIPT_STATISTICS_SQL, [agent, since]).map((row) => ({
    status: String(row[0]),
    count: Number(row[1]),
    avgDurationMs: row[2] as number | null,
  }));
}

/**
 * How many receipts there are, how many are errors, and how many neither errors nor successes. Counting all of them
 * reads only how many entries each page has; counting those of a status reads every entry, so the commonest is left out.
 */
export const RECEIPT_COUNTS_SQL: string = `
SELECT
  (SELECT count(*) FROM receipts),
  ${receiptCountSql("status = 'error'")},
  ${receiptCountSql("status < 'error'")}
    + ${receiptCountSql("status > 'error' AND status < 'success'")}
    + ${receiptCountSql("status > 'success'")}`;
export const AUDIT_COUNT_SQL = 'SELECT count(*) FROM audit_log';
export const MEMORY_COUNT_SQL = 'SELECT count(*) FROM agent_memory';
export const LAST_RECEIPT_SQL = 'SELECT max(created_at) FROM receipts';

/** The counts of `stats`, each from the smallest index that knows it. The caller holds a snapshot. */
export function readCounts(connection: SqliteConnection): Omit<Stats, 'databaseSizeKb'> {
  const [total = 0, errors = 0, others = 0] = (connection.get(RECEIPT_COUNTS_SQL) ?? []).map(Number);
  const lastReceipt = connection.get(LAST_RECEIPT_SQL)?.[0];
  return {
    receiptsTotal: total,
    receiptsSuccess: total - errors - others,
    receiptsError: errors,
    agentsTracked: Number(connection.get(MEMORY_COUNT_SQL)?.[0]),
    auditEntries: Number(connection.get(AUDIT_COUNT_SQL)?.[0]),
    lastReceipt: lastReceipt === null || lastReceipt === undefined ? null : String(lastReceipt),
  };
}

function receiptCountSql(condition: string): string {
  return `(SELECT count(*) FROM receipts INDEXED BY idx_receipts_status WHERE ${condition})`;
}
