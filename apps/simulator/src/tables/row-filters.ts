/** The filters of an address as the filters of a query. */
import type { AuditFilters, MemoryFilters, ReceiptFilters } from '@ggen-sim/core';
import type { Filters } from '../address/address.ts';

/** What the status of a receipt can be, as the tables say it. The last two tell what the status `error` means. */
export const RECEIPT_OUTCOMES = ['success', 'partial', 'error', 'violations', 'failed'] as const;

/** Conditions on the JSON of a receipt with the status `error`; compare `errorReasonOf` in core. */
const REASONS: Readonly<Record<string, string>> = {
  violations: '$.conforms = false',
  failed: '$.error != null',
};

/** A hundred years, which covers every audit entry: without a period, the query takes the last 7 days. */
const ALL_DAYS = 36_500;

/** Filters that read the content of every row, so that a count of a million rows takes seconds. */
export function readsContent({ text, status }: Filters): boolean {
  return text !== undefined || (status !== undefined && status in REASONS);
}

/** Writes the id of an agent as a pattern that matches no other agent. */
export function exactAgent(agentId: string): string {
  return agentId.replaceAll(/[\\%_*]/g, String.raw`\$&`);
}

/** Makes the filters of receipts. */
export function receiptFiltersOf(filters: Filters): ReceiptFilters {
  const { status, type, execution } = filters;
  const reason = status === undefined ? undefined : REASONS[status];
  return {
    ...commonFiltersOf(filters),
    ...(status === undefined ? {} : { status: reason === undefined ? status : 'error' }),
    ...(reason === undefined ? {} : { where: reason }),
    ...(type === undefined ? {} : { agentType: beginningOf(type) }),
    ...(execution === undefined ? {} : { execution: beginningOf(execution) }),
  };
}

/** Makes the filters of agent memory. */
export function memoryFiltersOf(filters: Filters): MemoryFilters {
  const { type } = filters;
  return { ...commonFiltersOf(filters), ...(type === undefined ? {} : { agentType: beginningOf(type) }) };
}

/** Makes the filters of audit entries. */
export function auditFiltersOf(filters: Filters): AuditFilters {
  const { status, operation, since, until } = filters;
  return {
    ...commonFiltersOf(filters),
    ...(since === undefined && until === undefined ? { days: ALL_DAYS } : {}),
    ...(status === undefined ? {} : { status }),
    ...(operation === undefined ? {} : { operation: beginningOf(operation) }),
  };
}

function commonFiltersOf({ agent, since, until, text }: Filters): MemoryFilters {
  return {
    ...(agent === undefined ? {} : agentSelectionOf(agent)),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(text === undefined ? {} : { text }),
  };
}

/** An agent without wildcards is found by an index; a pattern is compared with every id. */
function agentSelectionOf(agent: string): Pick<MemoryFilters, 'agent' | 'agentExact'> {
  const withoutEscapes = agent.replaceAll(/\\[\\%_*]/g, '');
  if (/[%_*]/.test(withoutEscapes)) return { agent };
  return { agentExact: agent.replaceAll(/\\([\\%_*])/g, '$1') };
}

/** A half-typed name finds what begins with it. */
function beginningOf(text: string): string {
  return text.endsWith('*') ? text : `${text}*`;
}
