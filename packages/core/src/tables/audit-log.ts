import { v7 as uuidv7 } from 'uuid';
import { AUDIT_STATUSES, type AuditStatus } from '../api/audit.ts';
import type { AuditRow, LoggedAudit, NewAuditEntry } from '../api/persistence.ts';
import {
  checkChoice,
  checkFields,
  checkOptionalText,
  checkRequired,
  checkText,
  checkWholeNumber,
} from '../validation/arguments.ts';
import { timeProblem } from '../validation/timestamps.ts';
import { insertSql, type Table, type WriteContext } from './table.ts';

/** The audit trail: one row for each step of an operation. */
export const auditLogTable: Table<AuditRow, NewAuditEntry, LoggedAudit> = {
  name: 'audit_log',
  columns: [
    { column: 'audit_id', field: 'auditId' },
    { column: 'timestamp', field: 'timestamp', holds: 'time' },
    { column: 'agent_id', field: 'agentId' },
    { column: 'operation', field: 'operation' },
    { column: 'operation_type', field: 'operationType', optional: true },
    { column: 'status', field: 'status' },
    { column: 'duration_ms', field: 'durationMs', holds: 'number' },
    { column: 'details', field: 'details', optional: true },
    { column: 'error_message', field: 'errorMessage', optional: true },
  ],
  timeColumn: 'timestamp',
  ageingColumn: 'timestamp',
  uniqueColumn: undefined,
  backupFile: 'audit_log.json',
  batchKey: 'audits',
  reportKey: 'auditEntries',
  verifyCheck: 'audit',
  query: { method: 'queryAuditTrail', defaultLimit: 1000, defaultDays: 7 },
  filterColumns: {
    status: { column: 'status' },
    operation: { column: 'operation' },
    operationType: { column: 'operation_type' },
  },
  textColumns: ['operation', 'details', 'error_message'],
  jsonColumn: 'details',
  contentColumns: ['details', 'error_message'],
  durationColumn: 'duration_ms',

  prepare(operation, input) {
    const entry = checkAuditEntry(operation, input);
    return (context) => insertAuditEntry(context, entry);
  },

  complete: (given, now) => ({ auditId: uuidv7(), timestamp: now, durationMs: 0, ...given }),

  problemOf({ status, timestamp }) {
    if (!AUDIT_STATUSES.includes(status as AuditStatus)) return `status is ${JSON.stringify(status)}`;
    return timeProblem('timestamp', timestamp);
  },
};

/** An audit entry that has passed every check. */
interface CheckedAuditEntry {
  readonly agentId: string;
  readonly operation: string;
  readonly operationType: string | null;
  readonly status: AuditStatus;
  readonly durationMs: number;
  readonly details: string | null;
  readonly errorMessage: string | null;
}

function checkAuditEntry(operation: string, input: NewAuditEntry): CheckedAuditEntry {
  checkFields({ operation, name: 'entry' }, input);
  checkRequired(operation, { agentId: input.agentId, operation: input.operation, status: input.status });
  return {
    agentId: checkText({ operation, name: 'agentId' }, input.agentId),
    operation: checkText({ operation, name: 'operation' }, input.operation),
    operationType: checkOptionalText({ operation, name: 'operationType' }, input.operationType),
    status: checkChoice({ operation, name: 'status' }, input.status, AUDIT_STATUSES),
    durationMs: checkWholeNumber({ operation, name: 'durationMs' }, input.durationMs ?? 0),
    details: checkOptionalText({ operation, name: 'details' }, input.details),
    errorMessage: checkOptionalText({ operation, name: 'errorMessage' }, input.errorMessage),
  };
}

const INSERT_SQL = insertSql(auditLogTable);

/** Appends an entry. Ids ascend with time (UUID version 7, RFC 9562), so that the index grows at its end. */
function insertAuditEntry({ connection, now, log }: WriteContext, entry: CheckedAuditEntry): LoggedAudit {
  const auditId = uuidv7();
  const values = [
    auditId,
    now,
    entry.agentId,
    entry.operation,
    entry.operationType,
    entry.status,
    entry.durationMs,
    entry.details,
    entry.errorMessage,
  ];
  connection.run(INSERT_SQL, values);
  log?.({ table: 'audit_log', values });
  return { auditId };
}
