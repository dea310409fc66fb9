import type { AuditRow } from '@ggen-sim/core';

/** Which stored record is open in the details. */
export type ShownRecord =
  | { readonly table: 'receipts'; readonly receiptId: string }
  | {
      readonly table: 'agent_memory';
      readonly agentId: string;
      readonly version: number;
      readonly lastUpdated: string;
    }
  | { readonly table: 'audit_log'; readonly entry: AuditRow };
