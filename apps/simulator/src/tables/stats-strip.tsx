import type { Stats } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { formatBytes, formatCount } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import './stats-strip.css';

/** Shows the number of rows in each table and the size of the database. */
export function StatsStrip({ stats }: { stats: Stats | undefined }): ReactNode {
  const count = (value: number | undefined): string => (value === undefined ? '–' : formatCount(value));
  const partial = stats && stats.receiptsTotal - stats.receiptsSuccess - stats.receiptsError;
  return (
    <dl className="stats-strip" aria-label="Counts">
      <Stat name="Receipts" value={count(stats?.receiptsTotal)} />
      <Stat name="Success" value={count(stats?.receiptsSuccess)} mark={<StatusMark tone="success" />} />
      <Stat name="Partial" value={count(partial)} mark={<StatusMark tone="warning" />} />
      <Stat name="Error" value={count(stats?.receiptsError)} mark={<StatusMark tone="error" />} />
      <Stat name="Memories" value={count(stats?.agentsTracked)} />
      <Stat name="Audit entries" value={count(stats?.auditEntries)} />
      <Stat name="Size" value={stats ? formatBytes(stats.databaseSizeKb * 1024) : '–'} />
    </dl>
  );
}

function Stat({ name, value, mark }: { name: string; value: string; mark?: ReactNode }): ReactNode {
  return (
    <div className="stats-strip__stat">
      <dt>
        {mark} {name}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}
