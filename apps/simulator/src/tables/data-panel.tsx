import { Tabs } from '@base-ui/react/tabs';
import type { Persistence, TableName } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { RunsChart } from '../chart/runs-chart.tsx';
import { useReading } from '../database/use-live-query.ts';
import { RecordDetails } from '../record-dialog/record-dialog.tsx';
import type { ShownRecord } from '../record-dialog/selected-record.ts';
import { DatabasePanel } from '../storage/database-panel.tsx';
import { AuditTable } from './audit-table.tsx';
import { MemoryTable } from './memory-table.tsx';
import { ReceiptsTable } from './receipts-table.tsx';
import { StatsStrip } from './stats-strip.tsx';
import './data-panel.css';

const EVERY_TABLE: readonly TableName[] = ['receipts', 'agent_memory', 'audit_log'];
const readStats = (persistence: Persistence): ReturnType<Persistence['stats']> => persistence.stats();

/** What agents left behind: counts, runs over time, and the three tables, as they are now. */
export function RecordPanel(): ReactNode {
  const { value: stats } = useReading(readStats, EVERY_TABLE);
  const [shown, setShown] = useState<ShownRecord>();
  return (
    <section className="record-panel panel" aria-label="Record">
      <StatsStrip stats={stats} />
      <RunsChart onOpen={setShown} />
      <Tabs.Root defaultValue="receipts" className="record-tabs">
        <Tabs.List className="record-tabs__list">
          <Tabs.Tab value="receipts" className="record-tab">
            Receipts
          </Tabs.Tab>
          <Tabs.Tab value="memory" className="record-tab">
            Memory
          </Tabs.Tab>
          <Tabs.Tab value="audit" className="record-tab">
            Audit trail
          </Tabs.Tab>
          <Tabs.Tab value="database" className="record-tab">
            Database
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="receipts" className="record-tabs__panel">
          <ReceiptsTable total={stats?.receiptsTotal} onOpen={setShown} />
        </Tabs.Panel>
        <Tabs.Panel value="memory" className="record-tabs__panel">
          <MemoryTable total={stats?.agentsTracked} onOpen={setShown} />
        </Tabs.Panel>
        <Tabs.Panel value="audit" className="record-tabs__panel">
          <AuditTable total={stats?.auditEntries} onOpen={setShown} />
        </Tabs.Panel>
        <Tabs.Panel value="database" className="record-tabs__panel record-tabs__panel--scroll">
          <DatabasePanel stats={stats} />
        </Tabs.Panel>
      </Tabs.Root>
      <RecordDetails record={shown} onClose={() => setShown(undefined)} />
    </section>
  );
}
