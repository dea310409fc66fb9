/**
 * What stands in place of content that was redacted: its hash and its size, as one JSON document. The form is exact, so that
 * a reader tells it from every other content.
 */
import { sha256Bytes } from '#hashing/sha256';
import type { Redacted } from '../api/retention.ts';
import type { ReceiptRow } from '../api/receipts.ts';
import type { SqlValue } from '../engine/sqlite-connection.ts';
import { rowProblem, type AnyTable } from './table.ts';

const FORM = /^\{"redacted":\{"sha256":"(?<sha256>[0-9a-f]{64})","size_bytes":(?<sizeBytes>\d{1,15})\}\}$/;

/** Makes what stands in place of content: of a text by its bytes in UTF-8. */
export function redactedForm(content: SqlValue): string {
  const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(String(content));
  const sha256 = Array.from(sha256Bytes(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `{"redacted":{"sha256":"${sha256}","size_bytes":${bytes.length}}}`;
}

/**
 * Reads what stands in place of content that was redacted: the JSON of a receipt or a memory, the details or the error
 * message of an audit entry.
 * @returns the hash and the size of the content; undefined for any other content
 */
export function parseRedacted(content: unknown): Redacted | undefined {
  const { sha256, sizeBytes } = (typeof content === 'string' && FORM.exec(content)?.groups) || {};
  return sha256 === undefined ? undefined : { sha256, sizeBytes: Number(sizeBytes) };
}

/**
 * Reads the id of a receipt that was redacted. The id of a receipt is computed from its content, so that of a redacted one
 * only has the form of an id.
 * @returns undefined for every other row
 */
export function redactedReceiptId(table: AnyTable, row: object): string | undefined {
  const { receiptId, receiptJson } = row as Partial<ReceiptRow>;
  if (table.name !== 'receipts' || parseRedacted(receiptJson) === undefined) return undefined;
  const isRedacted =
    rowProblem(table, row, false) !== undefined && rowProblem(table, row, true) === undefined;
  return isRedacted ? receiptId : undefined;
}
