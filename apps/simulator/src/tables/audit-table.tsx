import { AUDIT_STATUSES, type AuditRow } from '@ggen-sim/core';
import type { FilterName } from '../address/address.ts';
import { formatDuration } from '../components/format.ts';
import { textOf } from '../components/printable.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import { durationOf, joinEntries, type JoinedEntry } from './joined-entries.ts';
import { auditFiltersOf } from './row-filters.ts';
import { DURATION_ORDERS, TIME_ORDERS } from './row-order.ts';
import type { TableDefinition } from './filtered-table.tsx';

/** Filters that one of two partners may pass alone. Entries are not joined then: an end that is left out would seem missing. */
const TELLS_APART: readonly FilterName[] = ['status', 'text'];

/** The table of the audit trail: an operation has one row, once its beginning and its end are stored. */
export const AUDIT_TABLE: TableDefinition<JoinedEntry, JoinedEntry> = {
  table: 'audit_log',
  title: 'Audit trail',
  query: (persistence, filters, order) => {
    const entries = persistence.queryAuditTrail({
      ...auditFiltersOf(filters),
      order,
      limit: Number.MAX_SAFE_INTEGER,
    });
    return TELLS_APART.some((name) => filters[name] !== undefined)
      ? eachAlone(entries)
      : joinEntries(entries, order);
  },
  count: (persistence, filters) => persistence.countAuditTrail(auditFiltersOf(filters)),
  filters: {
    names: ['agent', 'status', 'operation', 'since', 'until', 'text'],
    statuses: AUDIT_STATUSES,
  },
  orders: [...TIME_ORDERS, ...DURATION_ORDERS],
  summarize: (row) => row,
  columns: [
    {
      title: 'Status',
      width: '92px',
      narrowWidth: '86px',
      cell: ({ entry }) => <Status status={entry.status} />,
    },
    {
      title: 'Time',
      unit: '(UTC)',
      orders: ['newest-first', 'oldest-first'],
      width: '136px',
      narrowWidth: '98px',
      cell: ({ entry }) => <Timestamp time={entry.timestamp} />,
    },
    {
      title: 'Agent',
      width: 'minmax(64px, 1fr)',
      narrowWidth: 'minmax(40px, 1fr)',
      cell: ({ entry }) => <StoredText text={entry.agentId} />,
    },
    {
      title: 'Operation',
      width: 'minmax(116px, 1fr)',
      cell: ({ entry }) => <StoredText text={entry.operation} />,
      wideOnly: true,
    },
    {
      title: 'Details',
      width: 'minmax(90px, 1.4fr)',
      cell: ({ entry }) => <StoredText text={entry.errorMessage ?? entry.details ?? '–'} />,
      wideOnly: true,
    },
    {
      title: 'Duration',
      width: '76px',
      cell: (row) => formatDuration(durationOf(row)),
      align: 'end',
      orders: ['longest-first', 'shortest-first'],
    },
  ],
  rowKey: ({ entry }) => textOf(entry.auditId),
  rowTone: ({ entry }) => (entry.status === 'failed' ? 'error' : undefined),
  empty: {
    title: 'The audit trail is empty',
    advice: 'Each new session and each run of an agent adds entries.',
  },
  noMatch: {
    title: 'No matching entries',
    advice: 'Choose a longer period, or use * in the agent filter to match any text.',
  },
};

async function* eachAlone(entries: AsyncIterable<AuditRow>): AsyncGenerator<JoinedEntry> {
  for await (const entry of entries) yield { entry, start: undefined };
}
