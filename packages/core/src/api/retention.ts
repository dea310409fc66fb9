import type { LongOperationOptions } from './options.ts';
import type { AgentSelection } from './rows.ts';
import type { TableName } from './tables.ts';

/** A record: exactly one of the three. */
export interface RecordLookup {
  /** A receipt, by its id. */
  readonly receiptId?: string;
  /** The memory of an agent, with its earlier versions. */
  readonly agentId?: string;
  /** An audit entry, by its id. */
  readonly auditId?: string;
}

/** What to delete or to redact, and why. */
export interface RemovalRequest extends RecordLookup, LongOperationOptions {
  /** Reason, which the change log keeps. */
  readonly reason: string;
  /**
   * Write the whole database file anew afterwards (VACUUM), so that nothing of what was removed is left in its free room.
   * It locks others out and needs room for a second copy.
   * @default false
   */
  readonly vacuum?: boolean;
}

/** Result of a deletion. */
export interface DeletionReport {
  readonly table: TableName;
  /** Id of the record as it was asked for: of a memory that of its agent. */
  readonly id: string;
  readonly reason: string;
  /**
   * Number of the entry of the change log that says so. `null` without a change log: nothing shows later that the record was
   * there.
   */
  readonly seq: number | null;
  /** Number of earlier versions of the memory whose content was replaced by its hash. */
  readonly versionsRedacted: number;
}

/** Result of a redaction. */
export interface RedactionReport extends DeletionReport {
  /** Number of values of the record that were replaced by their hash; 0 when all were before. */
  readonly valuesRedacted: number;
}

/** What stands in place of redacted content, as `parseRedacted` reads it. */
export interface Redacted {
  /** SHA-256 of the content, in hexadecimal digits. */
  readonly sha256: string;
  /** Size of the content in bytes. */
  readonly sizeBytes: number;
}

/** A record to hold, and why. */
export interface HoldRequest extends RecordLookup {
  readonly reason: string;
}

/**
 * A hold: the record is neither deleted nor redacted, by request, cleanup, retention or reset. A restore with `force` and
 * `importImage` replace it with every other row; the hold stays.
 */
export interface Hold {
  readonly table: TableName;
  /** Id of the record: of a memory that of its agent. */
  readonly id: string;
  readonly reason: string;
  /** Time since when it is held. */
  readonly at: string;
}

/**
 * What to keep of receipts or audit entries: those of the agents and statuses that it names, and of these no more than its
 * limits, of which it has at least one. The oldest go first. Agent memory has no policies.
 */
export interface RetentionPolicy extends Pick<AgentSelection, 'agent'> {
  /** Name of the policy: letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  readonly table: 'receipts' | 'audit_log';
  /** Only rows of this status, or of one of these. @default every row */
  readonly status?: string | readonly string[];
  /** Age in days above which rows are deleted. What cannot be read as a time has no age. */
  readonly maxAgeDays?: number;
  /** Number of rows to keep, the newest. Rows without a time are the oldest. */
  readonly maxCount?: number;
  /** Size of the content of the rows to keep, the newest, in bytes: JSON, details and error messages. */
  readonly maxBytes?: number;
}

/** Options of {@link Persistence.runRetention}. */
export interface RetentionOptions extends LongOperationOptions {
  /** Count only, delete nothing. @default false */
  readonly dryRun?: boolean;
  /** As of a cleanup. */
  readonly vacuum?: boolean;
}

/** What one policy did, or would do. */
export interface PolicyReport {
  readonly name: string;
  readonly table: TableName;
  readonly rowsDeleted: number;
  /** Number of rows beyond the limits that are held. */
  readonly rowsHeld: number;
}

/** Result of {@link Persistence.runRetention}. */
export interface RetentionReport {
  readonly dryRun: boolean;
  /** By their names, in the order in which they ran. Rows that one has deleted are gone for the next. */
  readonly policies: readonly PolicyReport[];
  readonly sizeBeforeBytes: number;
  readonly sizeAfterBytes: number;
  /** Free room that is still in the file, in bytes. */
  readonly freeBytes: number;
}
