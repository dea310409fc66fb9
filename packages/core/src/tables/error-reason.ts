import type { ReceiptRow } from '../api/persistence.ts';

/** What the status `error` of a receipt means: the execution ended and found violations, or it failed. */
export type ErrorReason = 'violations' | 'failed';

/**
 * Returns what the status `error` of a receipt means, as far as its JSON says so: `error` describes a failure, `conforms`
 * is a verdict. The stored status is the same for both, as the original scripts have it.
 */
export function errorReasonOf({
  status,
  receiptJson,
}: Pick<ReceiptRow, 'status' | 'receiptJson'>): ErrorReason | undefined {
  if (status !== 'error') return undefined;
  let receipt: { readonly error?: unknown; readonly conforms?: unknown } | null;
  try {
    receipt = JSON.parse(receiptJson) as typeof receipt;
  } catch {
    // Another program's row; `verify` names it.
    return undefined;
  }
  if (typeof receipt !== 'object' || receipt === null) return undefined;
  if (receipt.error !== undefined && receipt.error !== null) return 'failed';
  return receipt.conforms === false ? 'violations' : undefined;
}
