import type { ExportOutput } from './export.ts';
import type { AuditFilters, Continuation } from './filters.ts';
import type { LongOperationOptions } from './options.ts';
import type { DurationOrder, RowOrder } from './rows.ts';

/** States of an audited operation. */
export const AUDIT_STATUSES = ['started', 'completed', 'failed', 'retry'] as const;

/** One of {@link AUDIT_STATUSES}. */
export type AuditStatus = (typeof AUDIT_STATUSES)[number];

/** Formats of an export: one JSON array, one JSON object per line, or CSV (RFC 4180). */
export const EXPORT_FORMATS = ['json', 'ndjson', 'csv'] as const;

/** One of {@link EXPORT_FORMATS}. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** An audit entry to log. */
export interface NewAuditEntry {
  readonly agentId: string;
  readonly operation: string;
  readonly status: AuditStatus;
  readonly operationType?: string;
  /** Whole milliseconds. @default 0 */
  readonly durationMs?: number;
  readonly details?: string;
  readonly errorMessage?: string;
}

/** Result of logging an audit entry. */
export interface LoggedAudit {
  readonly auditId: string;
}

/** A row of `audit_log`. */
export interface AuditRow {
  readonly auditId: string;
  /** UTC `YYYY-MM-DD HH:MM:SS`. As it is stored, if another program stored another form. */
  readonly timestamp: string;
  readonly agentId: string;
  readonly operation: string;
  readonly operationType: string | null;
  readonly status: string;
  readonly durationMs: number | null;
  readonly details: string | null;
  readonly errorMessage: string | null;
}

/** Filters, order and limit of {@link Persistence.queryAuditTrail}. */
export interface AuditQuery extends AuditFilters, Continuation {
  /** @default 'newest-first' */
  readonly order?: RowOrder | DurationOrder;
  /** Number of rows to return at most, from the beginning of the order. @default 1000 */
  readonly limit?: number;
}

/** Options of {@link Persistence.exportAuditTrail}. */
export interface AuditExportOptions extends Omit<AuditFilters, 'days'>, ExportOutput, LongOperationOptions {
  /** Number of days to look back from now; it excludes `since`. @default every entry */
  readonly days?: number;
}

/** Result of an export. */
export interface ExportReport {
  /** The path written, or `null` for a stream. */
  readonly path: string | null;
  readonly rows: number;
  readonly bytes: number;
}
