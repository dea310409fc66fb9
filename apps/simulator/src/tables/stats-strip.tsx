import type { Persistence, Stats, TableName } from '@ggen-sim/core';
import { useMemo, type ReactNode } from 'react';
import { viewAddress, type Address, type Filters } from '../address/address.ts';
import { linkTo } from '../address/navigation.ts';
import { formatBytes, formatCount } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import { pacedQuery } from '../database/paced-query.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { readsContent, receiptFiltersOf } from './row-filters.ts';
import './stats-strip.css';

/** Numbers of receipts by their stored status. */
interface ReceiptCounts {
  readonly total: number;
  readonly success: number;
  readonly partial: number;
  readonly error: number;
}

const RECEIPTS: readonly TableName[] = ['receipts'];
const NO_TABLES: readonly TableName[] = [];

/**
 * Shows the number of rows in each table and the size of the database. Each figure is a link to what it counts.
 *
 * @param filters - of the receipts; then their figures are of those that pass
 */
export function StatsStrip({ stats, filters }: { stats: Stats | undefined; filters: Filters }): ReactNode {
  const isFiltered = Object.keys(filters).length > 0;
  const filtered = useFilteredCounts(filters);
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

/** Counts the receipts that pass the filters, by status. @returns undefined while they are counted */
function useFilteredCounts(filters: Filters): ReceiptCounts | undefined {
  const filterText = JSON.stringify(filters);
  const query = useMemo(
    () =>
      pacedQuery(async (persistence) => {
        const chosen = JSON.parse(filterText) as Filters;
        const counts =
          Object.keys(chosen).length === 0 ? undefined : await countByStatus(persistence, chosen);
        return { filterText, counts };
      }),
    [filterText],
  );
  const { value } = useLiveQuery(query, readsContent(filters) ? NO_TABLES : RECEIPTS);
  return value?.filterText === filterText ? value.counts : undefined;
}

async function countByStatus(persistence: Persistence, filters: Filters): Promise<ReceiptCounts> {
  const chosen = receiptFiltersOf(filters);
  const total = await persistence.countReceipts(chosen);
  const countOf = async (status: string): Promise<number> => {
    if (chosen.status === status) return total;
    return chosen.status === undefined && total > 0 ? persistence.countReceipts({ ...chosen, status }) : 0;
  };
  const success = await countOf('success');
  const error = await countOf('error');
  return { total, success, error, partial: await countOf('partial') };
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
