/**
 * Types of the tables for Kysely (https://kysely.dev), with the names that they have in the database. Times are UTC
 * `YYYY-MM-DD HH:MM:SS`.
 */
import type { Generated } from 'kysely';

/** Table `receipts`. */
export interface ReceiptsTable {
  receipt_id: string;
  execution_id: string;
  agent_id: string;
  agent_type: string;
  receipt_json: string;
  status: string;
  created_at: Generated<string>;
  updated_at: Generated<string>;
  duration_ms: number | null;
}

/** Table `agent_memory`: one row per agent. */
export interface AgentMemoryTable {
  memory_id: string;
  agent_id: string;
  agent_type: string;
  memory_json: string;
  last_updated: Generated<string>;
  version: Generated<number>;
}

/** Table `audit_log`. */
export interface AuditLogTable {
  audit_id: string;
  timestamp: Generated<string>;
  agent_id: string;
  operation: string;
  operation_type: string | null;
  status: string;
  duration_ms: number | null;
  details: string | null;
  error_message: string | null;
}

/** Every table, for `new Kysely<Tables>(…)`. */
export interface Tables {
  receipts: ReceiptsTable;
  agent_memory: AgentMemoryTable;
  audit_log: AuditLogTable;
}
