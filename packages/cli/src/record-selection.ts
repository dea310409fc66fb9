/** The parameters that name one record: its kind and its id. */
import type { RecordLookup } from '@ggen-sim/core';
import { choice, requiredText, type Parameter } from './parameters.ts';

/** Kinds of records, as the command line names them. */
export const RECORD_KINDS = ['receipt', 'memory', 'audit'] as const;

/** One of {@link RECORD_KINDS}. */
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Makes the parameters. @param action - what is done to the record, for the help */
export function recordParameters(action: string): {
  readonly kind: Parameter<RecordKind>;
  readonly id: Parameter<string>;
} {
  return {
    kind: choice(RECORD_KINDS, { description: `what to ${action}` }),
    id: requiredText({ description: 'id of the receipt or the audit entry, or of the agent of the memory' }),
  };
}

/** Names a record as the interface does. */
export function recordOf(kind: RecordKind, id: string): RecordLookup {
  if (kind === 'receipt') return { receiptId: id };
  return kind === 'memory' ? { agentId: id } : { auditId: id };
}
