import type { ReceiptRow } from '@ggen-sim/core';

/** Writes receipts for people: a line that says whose and how it ended, and below it the JSON in one line. */
export function receiptReport(receipts: readonly ReceiptRow[]): string {
  const lines = receipts.map((receipt) => {
    const { createdAt, status, durationMs, agentId, agentType, executionId, receiptJson } = receipt;
    const names = [agentId, agentType, executionId].map((name) => JSON.stringify(name)).join(' ');
    return `${createdAt} ${status} ${durationMs ?? '?'} ms ${names}\n  ${oneLine(receiptJson)}\n`;
  });
  const title = receipts.length === 1 ? '1 receipt' : `${receipts.length} receipts, newest first`;
  return [`${title}\n`, ...lines].join('\n');
}

function oneLine(json: unknown): string {
  return typeof json === 'string' ? json.replaceAll(/\s+/g, ' ') : JSON.stringify(json);
}
