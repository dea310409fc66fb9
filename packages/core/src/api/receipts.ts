import type { Continuation, ReceiptFilters } from './filters.ts';
import type { DurationOrder, JsonInput, RowOrder } from './rows.ts';

/** Outcomes of an execution. */
export const RECEIPT_STATUSES = ['success', 'error', 'partial'] as const;

/** One of {@link RECEIPT_STATUSES}. */
export type ReceiptStatus = (typeof RECEIPT_STATUSES)[number];

/** A receipt to save. */
export interface NewReceipt {
  /** Unique among all receipts. */
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly receipt: JsonInput;
  /** @default 'success' */
  readonly status?: ReceiptStatus;
  /** Whole milliseconds. @default 0 */
  readonly durationMs?: number;
  /**
   * Saving the identical receipt again does nothing and returns the same id. Use it to repeat a call whose outcome is
   * unknown. A different receipt under the same execution id is refused even so.
   * @default false
   */
  readonly ifAbsent?: boolean;
}

/** Result of saving a receipt. */
export interface SavedReceipt {
  /** SHA-256 of the receipt's canonical form, 64 hex digits. The same receipt has the same id in every database. */
  readonly receiptId: string;
  /** False when `ifAbsent` found the identical receipt already stored. */
  readonly created: boolean;
}

/** A row of `receipts`. */
export interface ReceiptRow {
  readonly receiptId: string;
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  /** The receipt as it was passed, byte for byte. */
  readonly receiptJson: string;
  readonly status: string;
  /** UTC `YYYY-MM-DD HH:MM:SS`. As it is stored, if another program stored another form. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly durationMs: number | null;
}

/**
 * A receipt to look up: by its id, by the beginning of its id (at least 4 characters, which no other receipt's id begins
 * with), or by its execution.
 */
export type ReceiptLookup = string | { readonly idPrefix: string } | { readonly executionId: string };

/** Filters, order and limit of {@link Persistence.queryReceipts}. */
export interface ReceiptQuery extends ReceiptFilters, Continuation {
  /** @default 'newest-first' */
  readonly order?: RowOrder | DurationOrder;
  /** Number of rows to return at most, from the beginning of the order. @default 100 */
  readonly limit?: number;
}
