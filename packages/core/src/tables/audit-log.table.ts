import type { AuditRow, AuditStatus } from '../api/persistence.ts';
import type { TableShape } from './table.ts';

export const AUDIT_STATUSES: readonly AuditStatus[] = ['started', 'completed', 'failed', 'retry'];

export const auditLogTable: TableShape<AuditRow> = {
  name: 'audit_log',
  timeColumn: 'timestamp',
  columns: [
    { column: 'audit_id', field: 'auditId' },
    { column: 'timestamp', field: 'timestamp' },
    { column: 'agent_id', field: 'agentId' },
    { column: 'operation', field: 'operation' },
    { column: 'operation_type', field: 'operationType' },
    { column: 'status', field: 'status' },
    { column: 'duration_ms', field: 'durationMs' },
    { column: 'details', field: 'details' },
    { column: 'error_message', field: 'errorMessage' },
  ],
};
