import type { AuditRow } from '@ggen-sim/core';

/** The stored record that the dialog shows. */
export type SelectedRecord =
  | { readonly table: 'receipts'; readonly receiptId: string }
  | {
      readonly table: 'agent_memory';
      readonly agentId: string;
      readonly version: number;
      readonly lastUpdated: string;
    }
  | { readonly table: 'audit_log'; readonly entry: AuditRow };
