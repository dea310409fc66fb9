import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type {
  AgentMetrics,
  AnalyticsPeriod,
  ReceiptStatistics,
  Stats,
  TableName,
} from '../api/persistence.ts';
import { EVERY_AGENT, type AgentFilter } from '../validation/like-pattern.ts';
import { momentOf, toTimestamp } from '../validation/timestamps.ts';
import { auditLogTable } from './audit-log.ts';
import { hasForeignTimes, rowidsByMoment, sinceCondition } from './foreign-times.ts';
import { receiptsTable } from './receipts.ts';

/** Length of each period in days. */
export const PERIOD_DAYS: Readonly<Record<AnalyticsPeriod, number>> = {
  'last-24-hours': 1,
  'last-7-days': 7,
  'last-30-days': 30,
  'last-90-days': 90,
};

/**
 * Makes a common table expression of the distinct values of an indexed column. One search finds each value, so the cost
 * grows with the values, not with the rows.
 */
function distinctValues(table: TableName, column: string): string {
  return `WITH RECURSIVE distinct_values(value) AS (
  SELECT min(${column}) FROM ${table}
  UNION ALL SELECT (SELECT min(${column}) FROM ${table} WHERE ${column} > value) FROM distinct_values WHERE value IS NOT NULL
)`;
}

/** Lists the agents of the audit trail. The condition on `value` has one bound value. */
export function auditedAgentsSql({ comparison }: AgentFilter): string {
  return `${distinctValues('audit_log', 'agent_id')}
SELECT value FROM distinct_values WHERE value ${comparison} ORDER BY value`;
}

/** Reads one agent at a time: only then the index skips the older entries. @param since - condition of the period */
export function agentMetricsSql(since: string): string {
  return `
SELECT count(*), count(*) FILTER (WHERE status = 'completed'), round(avg(duration_ms), 2),
  min(duration_ms), max(duration_ms)
FROM audit_log INDEXED BY idx_audit_log_agent
WHERE agent_id = ? AND ${since} AND status IN ('completed', 'failed')`;
}

/** Looks for an entry of an agent. @param since - condition of the period */
export function agentSeenSql(since: string): string {
  return `SELECT 1 FROM audit_log INDEXED BY idx_audit_log_agent WHERE agent_id = ? AND ${since} LIMIT 1`;
}

export const RECEIPT_STATUSES_SQL: string = `${distinctValues('receipts', 'status')}
SELECT value FROM distinct_values WHERE value IS NOT NULL ORDER BY value`;

/** Statuses counted in one pass over the receipts. Only databases of other programs can have more than this. */
const STATUSES_PER_PASS = 4;

/**
 * Counts and averages by FILTER for each status, because GROUP BY would sort every row.
 * @param since - condition of the period
 */
export function receiptStatisticsSql({ comparison }: AgentFilter, since: string): string {
  return `${distinctValues('receipts', 'agent_id')}
SELECT ${Array.from({ length: STATUSES_PER_PASS }, () => 'count(*) FILTER (WHERE status = ?), round(avg(duration_ms) FILTER (WHERE status = ?), 2)').join(',\n  ')}
FROM distinct_values CROSS JOIN receipts INDEXED BY idx_receipts_agent ON agent_id = value
WHERE value ${comparison} AND ${since}`;
}

/** Lists the bound values of {@link receiptStatisticsSql}; missing statuses are bound as NULL. */
export function receiptStatisticsValues<Value extends SqlValue>(
  statuses: readonly Value[],
  agent: AgentFilter,
  since: Value,
): (Value | string | null)[] {
  const slots = Array.from({ length: STATUSES_PER_PASS }, (_, slot) => statuses[slot] ?? null);
  return [...slots.flatMap((status) => [status, status]), agent.value, since];
}

/**
 * Summarizes the audit entries of a period by agent. An operation counts once, when it has ended: `started` and `retry`
 * announce it, `completed` or `failed` ends it. The caller holds a snapshot.
 */
export function readAgentMetrics(
  connection: SqliteConnection,
  agent: AgentFilter,
  since: string,
): AgentMetrics[] {
  const agents = connection.all(auditedAgentsSql(agent), [agent.value]);
  const { sql, value } = sinceCondition(connection, auditLogTable, since);
  return agents.flatMap(([agentId = null]) => {
    const [total, successful, avg, min, max] = connection.get(agentMetricsSql(sql), [agentId, value]) ?? [];
    if (total === 0 && !connection.get(agentSeenSql(sql), [agentId, value])) return [];
    return [
      {
        agentId: String(agentId),
        totalOperations: Number(total),
        successfulOperations: Number(successful),
        failedOperations: Number(total) - Number(successful),
        avgDurationMs: durationOf(avg),
        minDurationMs: durationOf(min),
        maxDurationMs: durationOf(max),
      },
    ];
  });
}

/** Reads a duration in milliseconds. Reports have plain numbers, so one beyond 2^53 is rounded; `verify` names it. */
function durationOf(value: SqlValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** Summarizes the receipts of a period by status, the most frequent first. The caller holds a snapshot. */
export function readReceiptStatistics(
  connection: SqliteConnection,
  agent: AgentFilter,
  since: string,
): ReceiptStatistics[] {
  const statuses = connection.all(RECEIPT_STATUSES_SQL).map(([status = null]) => status);
  const statistics: ReceiptStatistics[] = [];
  const { sql, value } = sinceCondition(connection, receiptsTable, since);
  for (let first = 0; first < statuses.length; first += STATUSES_PER_PASS) {
    const asked = statuses.slice(first, first + STATUSES_PER_PASS);
    const numbers =
      connection.get(receiptStatisticsSql(agent, sql), receiptStatisticsValues(asked, agent, value)) ?? [];
    for (const [slot, status] of asked.entries()) {
      const [count, avg] = numbers.slice(2 * slot, 2 * slot + 2);
      if (count === 0) continue;
      statistics.push({
        status: String(status),
        count: Number(count),
        avgDurationMs: durationOf(avg),
      });
    }
  }
  return statistics.toSorted((one, other) => other.count - one.count);
}

/**
 * Counts all receipts, the errors, and those that are neither error nor success. Counting all of them reads only the
 * number of entries of each index page. Counting one status reads every entry of it, so the most common is left out.
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

/** Reads the counts of `stats`, each from the smallest index that has it. The caller holds a snapshot. */
export function readCounts(connection: SqliteConnection): Omit<Stats, 'databaseSizeKb'> {
  const [total = 0, errors = 0, others = 0] = (connection.get(RECEIPT_COUNTS_SQL) ?? []).map(Number);
  return {
    receiptsTotal: total,
    receiptsSuccess: total - errors - others,
    receiptsError: errors,
    agentsTracked: Number(connection.get(MEMORY_COUNT_SQL)?.[0]),
    auditEntries: Number(connection.get(AUDIT_COUNT_SQL)?.[0]),
    lastReceipt: readLastReceipt(connection),
  };
}

function readLastReceipt(connection: SqliteConnection): string | null {
  if (!hasForeignTimes(connection, receiptsTable)) {
    return (connection.get(LAST_RECEIPT_SQL)?.[0] ?? null) as string | null;
  }
  const [rowid = null] = rowidsByMoment(connection, receiptsTable, { agent: EVERY_AGENT }, 1, undefined);
  const moment = momentOf(connection.get('SELECT created_at FROM receipts WHERE rowid = ?', [rowid])?.[0]);
  return moment === null ? null : toTimestamp(new Date(moment));
}

function receiptCountSql(condition: string): string {
  return `(SELECT count(*) FROM receipts INDEXED BY idx_receipts_status WHERE ${condition})`;
}
