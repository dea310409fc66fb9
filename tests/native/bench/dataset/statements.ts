/**
 * The statements that SQL engines run: core's own, taken from its sources, so that "the same statements" stays true when
 * they change there.
 */
import {
  agentMetricsSql,
  AUDIT_COUNT_SQL,
  auditedAgentsSql,
  LAST_RECEIPT_SQL,
  MEMORY_COUNT_SQL,
  RECEIPT_COUNTS_SQL,
  RECEIPT_STATUSES_SQL,
  receiptStatisticsSql,
  receiptStatisticsValues,
} from '../../../../packages/core/src/tables/analytics.ts';
import { keysetQueries } from '../../../../packages/core/src/tables/keyset-pagination.ts';
import { auditLogTable } from '../../../../packages/core/src/tables/audit-log.ts';
import { receiptsTable } from '../../../../packages/core/src/tables/receipts.ts';
import { insertSql } from '../../../../packages/core/src/tables/table.ts';
import { EVERY_AGENT } from '../../../../packages/core/src/validation/like-pattern.ts';
import type { BenchAuditEntry, BenchReceipt } from './rows.ts';

export type SqlValue = string | number | null;

/** A pattern of agents, whose condition stays in the statement even where it holds for all. */
const ANY_PATTERN = { ...EVERY_AGENT };

export const INSERT_RECEIPT_SQL: string = insertSql(receiptsTable);
export const INSERT_AUDIT_SQL: string = insertSql(auditLogTable);
export const GET_RECEIPT_SQL = 'SELECT receipt_json FROM receipts WHERE receipt_id = ?';
/** Values: agent pattern, limit. */
export const LATEST_RECEIPTS_SQL: string = keysetQueries(receiptsTable, { agent: ANY_PATTERN }, undefined)[0]
  ?.sql as string;
/** An agent or a few statuses at a time, as core asks. */
export const ANALYTICS_SQL = {
  /** Value: agent pattern. */
  agents: auditedAgentsSql(EVERY_AGENT),
  /** Values: agent, since. */
  agentMetrics: agentMetricsSql('timestamp >= ?'),
  statuses: RECEIPT_STATUSES_SQL,
  /** Values: {@link receiptStatisticsValues}. */
  receiptStatistics: receiptStatisticsSql(EVERY_AGENT, 'created_at >= ?'),
} as const;
export {
  AUDIT_COUNT_SQL,
  EVERY_AGENT,
  LAST_RECEIPT_SQL,
  MEMORY_COUNT_SQL,
  RECEIPT_COUNTS_SQL,
  receiptStatisticsValues,
};

/** In the order of {@link INSERT_RECEIPT_SQL}. */
export function receiptValues(receipt: BenchReceipt): SqlValue[] {
  const { receiptId, executionId, agentId, agentType, receiptJson, status, createdAt, durationMs } = receipt;
  return [receiptId, executionId, agentId, agentType, receiptJson, status, createdAt, createdAt, durationMs];
}

/** In the order of {@link INSERT_AUDIT_SQL}. */
export function auditValues(entry: BenchAuditEntry): SqlValue[] {
  const { auditId, agentId, operation, operationType, status, durationMs, details } = entry;
  return [auditId, entry.timestamp, agentId, operation, operationType, status, durationMs, details, null];
}
