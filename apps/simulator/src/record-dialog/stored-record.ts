/** Reads one stored record by its name in an address, with its JSON. */
import type { AuditRow, MemoryRow, Persistence, ReceiptRow, SqlResultValue } from '@ggen-sim/core';
import { textOf } from '../components/printable.ts';
import { EntryJoiner } from '../tables/joined-entries.ts';

/** Columns by the fields that have their values. */
type Fields<Row> = Readonly<Record<keyof Row & string, string>>;

const RECEIPT: Fields<ReceiptRow> = {
  receiptId: 'receipt_id',
  executionId: 'execution_id',
  agentId: 'agent_id',
  agentType: 'agent_type',
  receiptJson: 'receipt_json',
  status: 'status',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  durationMs: 'duration_ms',
};

const MEMORY: Fields<MemoryRow> = {
  memoryId: 'memory_id',
  agentId: 'agent_id',
  agentType: 'agent_type',
  memoryJson: 'memory_json',
  lastUpdated: 'last_updated',
  version: 'version',
};

const AUDIT: Fields<AuditRow> = {
  auditId: 'audit_id',
  timestamp: 'timestamp',
  agentId: 'agent_id',
  operation: 'operation',
  operationType: 'operation_type',
  status: 'status',
  durationMs: 'duration_ms',
  details: 'details',
  errorMessage: 'error_message',
};

const columnsOf = (fields: Readonly<Record<string, string>>): string => Object.values(fields).join(', ');

/** Makes a row of its values. Another program may have stored values of other types; what shows them expects that. */
function rowOf<Row>(fields: Fields<Row>, values: readonly SqlResultValue[]): Row {
  return Object.fromEntries(Object.keys(fields).map((field, index) => [field, values[index]])) as Row;
}

/** Reads a receipt. @returns undefined where there is none of this id */
export function readReceipt(persistence: Persistence, id: string): Promise<ReceiptRow | undefined> {
  return readRow(persistence, RECEIPT, 'FROM receipts WHERE receipt_id = ?', id);
}

/** Reads the current memory of an agent. @returns undefined where the agent has none */
export function readMemory(persistence: Persistence, agent: string): Promise<MemoryRow | undefined> {
  return readRow(persistence, MEMORY, 'FROM agent_memory WHERE agent_id = ?', agent);
}

/** An audit entry, and the other one of its operation. */
export interface AuditPair {
  readonly entry: AuditRow;
  /** The beginning of an end, or the end of a beginning; undefined where there is none. */
  readonly partner: AuditRow | undefined;
}

/** Entries of the same operation, before and after, among which the partner is looked for. */
const SEARCHED_ENTRIES = 100;

/** Reads an audit entry with its partner. @returns undefined where there is none of this id */
export async function readAudit(persistence: Persistence, id: string): Promise<AuditPair | undefined> {
  const entry = await readRow(persistence, AUDIT, 'FROM audit_log WHERE audit_id = ?', id);
  return entry && withPartner(persistence, entry);
}

/** Finds the partner in the same way as the table, so that the two agree. */
async function withPartner(persistence: Persistence, entry: AuditRow): Promise<AuditPair> {
  const around = (comparison: string, order: string): string =>
    `SELECT * FROM (
       SELECT ${columnsOf(AUDIT)}, rowid AS place FROM audit_log
        WHERE agent_id = ?1 AND operation = ?2 AND operation_type IS ?3
          AND (timestamp, rowid) ${comparison} (SELECT timestamp, rowid FROM audit_log WHERE audit_id = ?4)
        ORDER BY timestamp ${order}, rowid ${order} LIMIT ${SEARCHED_ENTRIES})`;
  const { rows } = await persistence.querySql({
    sql: `${around('<=', 'DESC')} UNION ALL ${around('>', 'ASC')} ORDER BY timestamp DESC, place DESC`,
    parameters: [entry.agentId, entry.operation, entry.operationType, entry.auditId],
  });
  const joiner = new EntryJoiner('newest-first');
  const id = textOf(entry.auditId);
  const joined = rows
    .flatMap((row) => joiner.add(rowOf(AUDIT, row)) ?? [])
    .find((pair) => textOf(pair.entry.auditId) === id || textOf(pair.start?.auditId) === id);
  const isStart = textOf(joined?.start?.auditId) === id;
  return { entry, partner: isStart ? joined?.entry : joined?.start };
}

/** A run to compare with. */
export interface EarlierRun {
  readonly receiptId: string;
  readonly createdAt: string;
  readonly status: string;
  readonly durationMs: number | null;
}

/** Number of earlier runs that are offered for a comparison. */
const MAX_EARLIER_RUNS = 20;

/** Lists the runs of the same agent before this one, the latest first. */
export async function readEarlierRuns(
  persistence: Persistence,
  { receiptId, agentId, createdAt }: ReceiptRow,
): Promise<readonly EarlierRun[]> {
  const { rows } = await persistence.querySql({
    sql: `SELECT receipt_id, created_at, status, duration_ms FROM receipts
           WHERE agent_id = ?1 AND created_at <= ?2
             AND (created_at < ?2 OR rowid < (SELECT rowid FROM receipts WHERE receipt_id = ?3))
           ORDER BY created_at DESC, rowid DESC LIMIT ${MAX_EARLIER_RUNS}`,
    parameters: [agentId, createdAt, receiptId],
  });
  return rows.map(
    ([earlierId, earlierAt, status, durationMs]) =>
      ({ receiptId: earlierId, createdAt: earlierAt, status, durationMs }) as EarlierRun,
  );
}

async function readRow<Row>(
  persistence: Persistence,
  fields: Fields<Row>,
  from: string,
  id: string,
): Promise<Row | undefined> {
  const sql = `SELECT ${columnsOf(fields)} ${from}`;
  const { rows } = await persistence.querySql({ sql, parameters: [parameterOf(id)], limit: 1 });
  return rows[0] && rowOf(fields, rows[0]);
}

/** An id that another program stored as a BLOB is in the address as tables show it. */
function parameterOf(id: string): SqlResultValue {
  const base64 = /^\{"base64":"([A-Za-z0-9+/=]*)"\}$/.exec(id)?.[1];
  return base64 === undefined ? id : Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
}
