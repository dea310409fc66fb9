import type { AuditRow, RowOrder } from '@ggen-sim/core';
import { useMemo, useState, type ReactNode } from 'react';
import { formatDuration } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import type { ShownRecord } from '../record-dialog/selected-record.ts';
import { RowTable, type Column } from './row-table.tsx';
import { ORDER_WORDS, TablePanel } from './filtered-table.tsx';
import type { RowPagesSource } from './use-row-batches.ts';

const COLUMNS: readonly Column<AuditRow>[] = [
  { title: 'Status', width: '92px', narrowWidth: '86px', cell: ({ status }) => <Status status={status} /> },
  {
    title: 'Time (UTC)',
    width: '136px',
    narrowWidth: '98px',
    cell: ({ timestamp }) => <Timestamp time={timestamp} />,
  },
  { title: 'Agent', width: 'minmax(64px, 1fr)', cell: ({ agentId }) => agentId },
  { title: 'Operation', width: 'minmax(116px, 1fr)', cell: ({ operation }) => operation, wideOnly: true },
  {
    title: 'Details',
    width: 'minmax(90px, 1.4fr)',
    cell: ({ details, errorMessage }) => errorMessage ?? details ?? '–',
    wideOnly: true,
  },
  { title: 'Duration', width: '70px', cell: ({ durationMs }) => formatDuration(durationMs), align: 'end' },
];

/** A hundred years: every entry there is. */
const ALL_DAYS = 36_500;

/** What agents did, newest first unless asked otherwise. */
export function AuditTable({
  total,
  onOpen,
}: {
  total: number | undefined;
  onOpen: (record: ShownRecord) => void;
}): ReactNode {
  const [days, setDays] = useState(ALL_DAYS);
  const period = (
    <label className="labelled">
      Period
      <select className="field" value={days} onChange={(event) => setDays(Number(event.target.value))}>
        <option value={1}>last day</option>
        <option value={7}>last 7 days</option>
        <option value={30}>last 30 days</option>
        <option value={ALL_DAYS}>everything</option>
      </select>
    </label>
  );
  return (
    <TablePanel noun="audit entries" filters={period}>
      {(agent, order) => (
        <FilteredAudit
          key={days}
          agent={agent}
          order={order}
          days={days}
          total={days === ALL_DAYS ? total : undefined}
          onOpen={onOpen}
        />
      )}
    </TablePanel>
  );
}

function FilteredAudit({
  agent,
  order,
  days,
  total,
  onOpen,
}: {
  agent: string;
  order: RowOrder;
  days: number;
  total: number | undefined;
  onOpen: (record: ShownRecord) => void;
}): ReactNode {
  const source = useMemo<RowPagesSource<AuditRow, AuditRow>>(
    () => ({
      table: 'audit_log',
      order,
      query: (persistence) =>
        persistence.queryAuditTrail({ agent, order, days, limit: Number.MAX_SAFE_INTEGER }),
      keep: (row) => row,
    }),
    [agent, days, order],
  );
  return (
    <RowTable
      label={`Audit trail, ${ORDER_WORDS[order]}`}
      source={source}
      columns={COLUMNS}
      rowKey={({ auditId }) => auditId}
      rowTone={({ status }) => (status === 'failed' ? 'error' : undefined)}
      total={agent === '%' ? total : undefined}
      onOpen={(entry) => onOpen({ table: 'audit_log', entry })}
      empty={
        agent === '%' && days === ALL_DAYS ? (
          <>
            <strong>The audit trail is empty</strong>
            <span>Starting a session and each run of an agent leave entries here.</span>
          </>
        ) : (
          <>
            <strong>No entries match</strong>
            <span>Choose a longer period, or use * for any text in the agent filter.</span>
          </>
        )
      }
    />
  );
}
