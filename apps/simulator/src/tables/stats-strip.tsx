import type { Stats } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { viewAddress, type Address, type Filters } from '../address/address.ts';
import { linkTo } from '../address/navigation.ts';
import { formatBytes, formatCount } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import type { ReceiptCounts } from './receipt-counts.ts';
import './stats-strip.css';

/**
 * Shows the number of rows in each table and the size of the database. Each figure is a link to what it counts.
 *
 * @param filters - of the receipts; then their figures are of those that pass
 * @param filtered - numbers of the receipts that pass, as far as they are counted
 */
export function StatsStrip({
  stats,
  filters,
  filtered,
}: {
  stats: Stats | undefined;
  filters: Filters;
  filtered: ReceiptCounts;
}): ReactNode {
  const isFiltered = Object.keys(filters).length > 0;
  const all = stats && {
    total: stats.receiptsTotal,
    success: stats.receiptsSuccess,
    partial: stats.receiptsTotal - stats.receiptsSuccess - stats.receiptsError,
    error: stats.receiptsError,
  };
  const counts = isFiltered ? filtered : all;
  const count = (value: number | undefined): string => (value === undefined ? '–' : formatCount(value));
  const receipts = (status?: string): Address => ({
    view: 'receipts',
    filters: status === undefined ? {} : { ...filters, status },
  });
  return (
    <dl className="stats-strip" aria-label="Counts">
      <Stat
        name="Receipts"
        value={count(counts?.total)}
        of={isFiltered && all ? all.total : undefined}
        to={receipts()}
      />
      <Stat
        name="Success"
        value={count(counts?.success)}
        mark={<StatusMark tone="success" />}
        to={receipts('success')}
      />
      <Stat
        name="Partial"
        value={count(counts?.partial)}
        mark={<StatusMark tone="warning" />}
        to={receipts('partial')}
      />
      <Stat
        name="Error"
        value={count(counts?.error)}
        mark={<StatusMark tone="error" />}
        to={receipts('error')}
      />
      <Stat name="Memories" value={count(stats?.agentsTracked)} to={viewAddress('memory')} />
      <Stat name="Audit entries" value={count(stats?.auditEntries)} to={viewAddress('audit')} />
      <Stat
        name="Size"
        value={stats ? formatBytes(stats.databaseSizeKb * 1024) : '–'}
        to={viewAddress('database')}
      />
    </dl>
  );
}

function Stat({
  name,
  value,
  of,
  mark,
  to,
}: {
  name: string;
  value: string;
  of?: number | undefined;
  mark?: ReactNode;
  to: Address;
}): ReactNode {
  return (
    <div className="stats-strip__stat">
      <dt>
        {mark} {name}
      </dt>
      <dd>
        <a href={linkTo(to)}>{value}</a>
        {of === undefined ? null : <span className="stats-strip__of"> of {formatCount(of)}</span>}
      </dd>
    </div>
  );
}
