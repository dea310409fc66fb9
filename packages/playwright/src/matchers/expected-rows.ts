import type { AuditQuery, AuditRow, MemoryQuery, MemoryRow, ReceiptQuery, ReceiptRow } from '@ggen-sim/core';

/** A database whose rows the matchers read: a `Persistence`, or the database of a page. */
export interface StoredRows {
  queryReceipts(query?: ReceiptQuery): PromiseLike<ReceiptRow[]>;
  queryMemory(query?: MemoryQuery): PromiseLike<MemoryRow[]>;
  queryAuditTrail(query?: AuditQuery): PromiseLike<AuditRow[]>;
}

/** An asymmetric matcher of the test framework, such as `expect.any(Number)`. */
export type AsymmetricMatcher = object;

/** Some fields of a row. Each is a value, or an asymmetric matcher; a field that is left out may have any value. */
export type ExpectedFields<Row> = { readonly [Field in keyof Row]?: Row[Field] | AsymmetricMatcher };

/** Fields that a receipt is expected to have. */
export interface ExpectedReceipt extends ExpectedFields<ReceiptRow> {
  /** Part of the receipt's JSON: members that are left out may have any value, at every depth. Lists are compared whole. */
  readonly receipt?: unknown;
}

/** Fields that a memory is expected to have. */
export interface ExpectedMemory extends ExpectedFields<MemoryRow> {
  /** Part of the memory's JSON, as {@link ExpectedReceipt.receipt}. */
  readonly memory?: unknown;
}

/** Fields that an audit entry is expected to have. */
export type ExpectedAuditEntry = ExpectedFields<AuditRow>;

/** What the matchers expect, by their names. */
export interface ExpectedRows {
  readonly toHaveReceipt: ExpectedReceipt;
  readonly toHaveMemory: ExpectedMemory;
  readonly toHaveAudited: ExpectedAuditEntry;
}
