import type { Stats } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { formatBytes, formatCount } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import './stats-strip.css';

/** How much there is, at a glance. */
export function StatsStrip({ stats }: { stats: Stats | undefined }): ReactNode {
  const count = (value: number | undefined): string => (value === undefined ? '–' : formatCount(value));
  const partial = stats && stats.receiptsTotal - stats.receiptsSuccess - stats.receiptsError;
  return (
    <dl className="stats-strip" aria-label="Counts">
      <Figure name="Receipts" value={count(stats?.receiptsTotal)} />
      <Figure name="Success" value={count(stats?.receiptsSuccess)} mark={<StatusMark tone="success" />} />
      <Figure name="Partial" value={count(partial)} mark={<StatusMark tone="warning" />} />
      <Figure name="Error" value={count(stats?.receiptsError)} mark={<StatusMark tone="error" />} />
      <Figure name="Memories" value={count(stats?.agentsTracked)} />
      <Figure name="Audit entries" value={count(stats?.auditEntries)} />
      <Figure name="Size" value={stats ? formatBytes(stats.databaseSizeKb * 1024) : '–'} />
    </dl>
  );
}

function Figure({ name, value, mark }: { name: string; value: string; mark?: ReactNode }): ReactNode {
  return (
    <div className="stats-strip__figure">
      <dt>
        {mark} {name}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}
