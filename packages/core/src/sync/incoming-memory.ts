/**
 * Versions of memory that other databases saved. The current version of an agent is the greatest of all versions, by an order
 * that does not depend on when each arrived, so every database comes to the same one. A version that loses is written, and
 * replaced by the winner at once: both are in the history.
 */
import type { IncomingChange, MemoryRow } from '../api/persistence.ts';
import { sha256Hex } from '#hashing/sha256';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { CHANGE_LOG } from '../schema/change-log-table.ts';
import { agentMemoryTable } from '../tables/agent-memory.ts';
import { auditLogTable } from '../tables/audit-log.ts';
import { isRefusedValue } from '../tables/insert-row.ts';
import { tableNamed } from '../tables/index.ts';
import { findRecord, type FoundRecord } from '../tables/record-lookup.ts';
import { parseRedacted } from '../tables/redaction.ts';
import { toRow, valuesOf } from '../tables/table.ts';
import {
  checkIncomingRow,
  insertIncoming,
  leafInHex,
  type IncomingContext,
  type IncomingOutcome,
  type IncomingRow,
} from './incoming-row.ts';

/** Finds the current version of an agent's memory. */
export function findMemory(connection: SqliteConnection, agentId: string): FoundRecord | undefined {
  return findRecord(connection, { table: tableNamed('agent_memory'), column: 'agent_id', id: agentId });
}

/** Stores a version, as the current one or in the history. */
export function applyVersion(context: IncomingContext, change: IncomingChange): IncomingOutcome {
  const { connection } = context;
  const { id, parent } = change;
  const checked = checkIncomingRow(change);
  if (typeof checked === 'string') return { table: 'agent_memory', id, reason: checked };
  const refused = { table: 'agent_memory', id, reason: 'another memory here has its memory_id' } as const;
  const [memoryId] = checked.values;
  const current = findMemory(connection, id);
  if (current === undefined) return insertIncoming(context, checked) ? 'stored' : refused;
  if (current.values[0] !== memoryId) return { ...refused, reason: 'the memory has another memory_id here' };
  const currentLeaf = leafInHex(checked.table, current.values);
  if (currentLeaf === checked.leaf || isInHistory(connection, checked.values[0] ?? null, checked.leaf))
    return 'present';
  try {
    // What it does not replace is only written over for a moment, so that the history has it.
    replaceMemory(context, current, checked.values);
    if (parent === currentLeaf) return 'stored';
    const isWinner = compareVersions(checked.values, current.values) > 0;
    if (!isWinner) replaceMemory(context, { ...current, values: checked.values }, current.values);
    const currentRow = { table: checked.table, values: current.values, leaf: currentLeaf };
    noteConflict(context, isWinner ? [checked, currentRow] : [currentRow, checked]);
    return 'conflict';
  } catch (error) {
    if (isRefusedValue(error)) return refused;
    throw error;
  }
}

/** Replaces the current version by other values, and notes it. */
export function replaceMemory(
  { connection, log }: IncomingContext,
  { rowid, values: replaced }: FoundRecord,
  values: readonly SqlValue[],
): void {
  const columns = agentMemoryTable.columns.map(({ column }) => `${column} = ?`);
  connection.run(`UPDATE OR ABORT agent_memory SET ${columns.join()} WHERE rowid = ?`, [...values, rowid]);
  log?.({ table: 'agent_memory', values, rowid, replaced });
}

/**
 * Compares two versions: by number, then time, then content, then id. Of content that was redacted its hash is left, so a
 * redaction does not change the order.
 */
export function compareVersions(left: readonly SqlValue[], right: readonly SqlValue[]): number {
  const [one, other] = [left, right].map((values) => {
    const row = toRow<MemoryRow>(agentMemoryTable, values);
    const content = parseRedacted(row.memoryJson)?.sha256 ?? sha256Hex(row.memoryJson);
    return {
      number: row.version,
      rest: [row.lastUpdated, content, row.memoryId].join('\0'),
    };
  });
  if (one === undefined || other === undefined) return 0;
  if (one.number !== other.number) return one.number - other.number;
  return one.rest === other.rest ? 0 : one.rest > other.rest ? 1 : -1;
}

/** True for a version that was the current one here before. An index leads to the entries of a memory. */
export function isInHistory(connection: SqliteConnection, memoryId: SqlValue, leaf: string): boolean {
  const sql = `SELECT 1 FROM ${CHANGE_LOG.name} WHERE kind = 'memory.saved' AND row_id = ? AND hex(leaf) = ?`;
  return connection.get(sql, [memoryId, leaf.toUpperCase()]) !== undefined;
}

/** Logs a conflict. Each database that finds it logs the same entry, with the same id and time. */
function noteConflict(context: IncomingContext, versions: readonly [IncomingRow, IncomingRow]): void {
  const [winner, loser] = versions.map(({ values, leaf }) => {
    const { version, lastUpdated, memoryId, agentId } = toRow<MemoryRow>(agentMemoryTable, values);
    return { version, lastUpdated, memoryId, agentId, leaf };
  }) as [ConflictVersion, ConflictVersion];
  const shown = ({ version, leaf, lastUpdated, memoryId }: ConflictVersion): object => ({
    version,
    leaf,
    last_updated: lastUpdated,
    memory_id: memoryId,
  });
  const values = valuesOf(auditLogTable, {
    auditId: `conflict-${sha256Hex(`${winner.leaf}${loser.leaf}`).slice(0, 32)}`,
    timestamp: winner.lastUpdated > loser.lastUpdated ? winner.lastUpdated : loser.lastUpdated,
    agentId: winner.agentId,
    operation: 'memory_conflict',
    operationType: 'sync',
    status: 'completed',
    details: JSON.stringify({ winner: shown(winner), loser: shown(loser) }),
  });
  const table = tableNamed('audit_log');
  insertIncoming(context, { table, values, leaf: leafInHex(table, values) });
}

interface ConflictVersion {
  readonly version: number;
  readonly lastUpdated: string;
  readonly memoryId: string;
  readonly agentId: string;
  readonly leaf: string;
}
