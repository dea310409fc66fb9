import type { LoggedAudit, NewAuditEntry } from './audit.ts';
import type { NewMemory, SavedMemory } from './memory.ts';
import type { NewReceipt, SavedReceipt } from './receipts.ts';

/** The tables. */
export type TableName = 'receipts' | 'agent_memory' | 'audit_log';

/** Number of rows of each table. */
export interface RowCounts {
  readonly receipts: number;
  readonly memories: number;
  readonly auditEntries: number;
}

/** A check of the rows of one table; see {@link VerifyProblem}. */
export type RowCheck = 'receipt' | 'memory' | 'audit';

/** Rows to write in one transaction, for example all of one agent run. */
export interface RecordBatch {
  readonly audits?: readonly NewAuditEntry[];
  readonly receipts?: readonly NewReceipt[];
  readonly memories?: readonly NewMemory[];
}

/** Results of recording a batch, in the order of its rows. */
export interface RecordedBatch {
  readonly audits: LoggedAudit[];
  readonly receipts: SavedReceipt[];
  readonly memories: SavedMemory[];
}
