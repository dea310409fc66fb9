import { v7 as uuidv7 } from 'uuid';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { AuditStatus, LoggedAudit, NewAuditEntry } from '../api/persistence.ts';
import {
  checkChoice,
  checkFields,
  checkOptionalText,
  checkRequired,
  checkText,
  checkWholeNumber,
} from '../validation/arguments.ts';
import { AUDIT_STATUSES, auditLogTable } from './audit-log.table.ts';
import { selectList } from './table.ts';

/** An audit entry that has passed every check. */
export interface CheckedAuditEntry {
  readonly agentId: string;
  readonly operation: string;
  readonly operationType: string | null;
  readonly status: AuditStatus;
  readonly durationMs: number;
  readonly details: string | null;
  readonly errorMessage: string | null;
}

const columns: string = selectList(auditLogTable);

/** @throws PersistenceError `INVALID_ARGUMENT` */
export function checkAuditEntry(operation: string, input: NewAuditEntry): CheckedAuditEntry {
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

/** Appends an entry. Ids ascend with time (UUID version 7, RFC 9562), so that the index grows at its end. */
export function insertAuditEntry(
  connection: SqliteConnection,
  entry: CheckedAuditEntry,
  timestamp: string,
): LoggedAudit {
  const auditId = uuidv7();
  connection.run(`INSERT INTO audit_log (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    auditId,
    timestamp,
    entry.agentId,
    entry.operation,
    entry.operationType,
    entry.status,
    entry.durationMs,
    entry.details,
    entry.errorMessage,
  ]);
  return { auditId };
}
