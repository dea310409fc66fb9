import { AUDIT_STATUSES, type AuditRow } from '@ggen-sim/core';
import { formatDuration } from '../components/format.ts';
import { textOf } from '../components/printable.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import { auditFiltersOf } from './row-filters.ts';
import { DURATION_ORDERS, TIME_ORDERS } from './row-order.ts';
import type { TableDefinition } from './filtered-table.tsx';

/** The table of audit entries. */
export const AUDIT_TABLE: TableDefinition<AuditRow, AuditRow> = {
  table: 'audit_log',
  title: 'Audit trail',
  query: (persistence, filters, order) =>
    persistence.queryAuditTrail({ ...auditFiltersOf(filters), order, limit: Number.MAX_SAFE_INTEGER }),
  count: (persistence, filters) => persistence.countAuditTrail(auditFiltersOf(filters)),
  filters: {
    names: ['agent', 'status', 'operation', 'since', 'until', 'text'],
    statuses: AUDIT_STATUSES,
  },
  orders: [...TIME_ORDERS, ...DURATION_ORDERS],
  summarize: (row) => row,
  columns: [
    { title: 'Status', width: '92px', narrowWidth: '86px', cell: ({ status }) => <Status status={status} /> },
    {
      title: 'Time (UTC)',
      orders: ['newest-first', 'oldest-first'],
      width: '136px',
      narrowWidth: '98px',
      cell: ({ timestamp }) => <Timestamp time={timestamp} />,
    },
    {
      title: 'Agent',
      width: 'minmax(64px, 1fr)',
      narrowWidth: 'minmax(40px, 1fr)',
      cell: ({ agentId }) => <StoredText text={agentId} />,
    },
    {
      title: 'Operation',
      width: 'minmax(116px, 1fr)',
      cell: ({ operation }) => <StoredText text={operation} />,
      wideOnly: true,
    },
    {
      title: 'Details',
      width: 'minmax(90px, 1.4fr)',
      cell: ({ details, errorMessage }) => <StoredText text={errorMessage ?? details ?? '–'} />,
      wideOnly: true,
    },
    {
      title: 'Duration',
      width: '76px',
      cell: ({ durationMs }) => formatDuration(durationMs),
      align: 'end',
      orders: ['longest-first', 'shortest-first'],
    },
  ],
  rowKey: ({ auditId }) => textOf(auditId),
  rowTone: ({ status }) => (status === 'failed' ? 'error' : undefined),
  empty: {
    title: 'The audit trail is empty',
    advice: 'Each new session and each run of an agent adds entries.',
  },
  noMatch: {
    title: 'No matching entries',
    advice: 'Choose a longer period, or use * in the agent filter to match any text.',
  },
};
