import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type {
  AgentMetrics,
  AnalyticsPeriod,
  ReceiptStatistics,
  Stats,
  TableName,
} from '../api/persistence.ts';

/** How many days each period spans. */
export const PERIOD_DAYS: Readonly<Record<AnalyticsPeriod, number>> = {
  'last-24-hours': 1,
  'last-7-days': 7,
  'last-30-days': 30,
  'last-90-days': 90,
};

/** The different values of an indexed column, found by one search each: the cost is of the values, not of the rows. */
function differentValues(table: TableName, column: string): string {
  return `WITH RECURSIVE different(value) AS (
  SELECT min(${column}) FROM ${table}
  UNION ALL SELECT (SELECT min(${column}) FROM ${table} WHERE ${column} > value) FROM different WHERE value IS NOT NULL
)`;
}

export const AUDITED_AGENTS_SQL: string = `${differentValues('audit_log', 'agent_id')}
SELECT value FROM different WHERE value LIKE ? ORDER BY value`;

/** One agent at a time, because only then the index leads past what is older. */
export const AGENT_METRICS_SQL = `
SELECT count(*), count(*) FILTER (WHERE status = 'completed'), round(avg(duration_ms), 2),
  min(duration_ms), max(duration_ms)
FROM audit_log INDEXED BY idx_audit_log_agent
WHERE agent_id = ? AND timestamp >= ? AND status IN ('completed', 'failed')`;

export const AGENT_SEEN_SQL = `
SELECT 1 FROM audit_log INDEXED BY idx_audit_log_agent WHERE agent_id = ? AND timestamp >= ? LIMIT 1`;

export const RECEIPT_STATUSES_SQL: string = `${differentValues('receipts', 'status')}
SELECT value FROM different WHERE value IS NOT NULL ORDER BY value`;

/** How many statuses one pass over the receipts tells apart: more than there are, but in databases made elsewhere. */
const STATUSES_A_PASS = 4;

/** A count and an average for each status, because grouping by it would sort every row. */
export const RECEIPT_STATISTICS_SQL: string = `${differentValues('receipts', 'agent_id')}
SELECT ${Array.from({ length: STATUSES_A_PASS }, () => 'count(*) FILTER (WHERE status = ?), round(avg(duration_ms) FILTER (WHERE status = ?), 2)').join(',\n  ')}
FROM different CROSS JOIN receipts INDEXED BY idx_receipts_agent ON agent_id = value
WHERE value LIKE ? AND created_at >= ?`;

/** The values of {@link RECEIPT_STATISTICS_SQL}. There may be fewer statuses than it has room for. */
export function receiptStatisticsValues<Status extends SqlValue>(
  statuses: readonly Status[],
  agent: string,
  since: string,
): (Status | string | null)[] {
  const places = Array.from({ length: STATUSES_A_PASS }, (_, place) => statuses[place] ?? null);
  return [...places.flatMap((status) => [status, status]), agent, since];
}

/**
 * Audit entries of a period by agent. An operation counts once, when it has ended: `started` and `retry` announce what
 * `completed` or `failed` settles. The caller holds a snapshot.
 */
export function readAgentMetrics(connection: SqliteConnection, agent: string, since: string): AgentMetrics[] {
  const agents = connection.all(AUDITED_AGENTS_SQL, [agent]);
  return agents.flatMap(([agentId = null]) => {
    const [total, successful, avg, min, max] = connection.get(AGENT_METRICS_SQL, [agentId, since]) ?? [];
    if (total === 0 && !connection.get(AGENT_SEEN_SQL, [agentId, since])) return [];
    return [
      {
        agentId: String(agentId),
        totalOperations: Number(total),
        successfulOperations: Number(successful),
        failedOperations: Number(total) - Number(successful),
        avgDurationMs: avg as number | null,
        minDurationMs: min as number | null,
        maxDurationMs: max as number | null,
      },
    ];
  });
}

/** Receipts of a period by status, the most frequent first. The caller holds a snapshot. */
export function readReceiptStatistics(
  connection: SqliteConnection,
  agent: string,
  since: string,
): ReceiptStatistics[] {
  const statuses = connection.all(RECEIPT_STATUSES_SQL).map(([status = null]) => status);
  const statistics: ReceiptStatistics[] = [];
  for (let first = 0; first < statuses.length; first += STATUSES_A_PASS) {
    const asked = statuses.slice(first, first + STATUSES_A_PASS);
    const figures =
      connection.get(RECEIPT_STATISTICS_SQL, receiptStatisticsValues(asked, agent, since)) ?? [];
    for (const [place, status] of asked.entries()) {
      const [count, avg] = figures.slice(2 * place, 2 * place + 2);
      if (count === 0) continue;
      statistics.push({
        status: String(status),
        count: Number(count),
        avgDurationMs: avg as number | null,
      });
    }
  }
  return statistics.toSorted((one, other) => other.count - one.count);
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
