import { Tabs } from '@base-ui/react/tabs';
import { type Persistence, type Stats, TABLE_NAMES } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { RunsChart } from '../chart/runs-chart.tsx';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { useLiveQuery } from '../database/use-live-query.ts';
import { RecordDialog } from '../record-dialog/record-dialog.tsx';
import type { SelectedRecord } from '../record-dialog/selected-record.ts';
import { DatabasePanel } from '../storage/database-panel.tsx';
import { AUDIT_TABLE } from './audit-table.tsx';
import { FilteredTable } from './filtered-table.tsx';
import { MEMORY_TABLE } from './memory-table.tsx';
import { RECEIPTS_TABLE } from './receipts-table.tsx';
import { StatsStrip } from './stats-strip.tsx';
import './data-panel.css';

const readStats = (persistence: Persistence): Promise<Stats> => persistence.stats();

/** Shows the stored data live: counts, latest runs, the three tables and the database itself. */
export function DataPanel(): ReactNode {
  const { value: stats } = useLiveQuery(readStats, TABLE_NAMES);
  const [selected, setSelected] = useState<SelectedRecord>();
  return (
    <section className="data-panel panel" aria-label="Stored data">
      <StatsStrip stats={stats} />
      <FailureBoundary>
        <RunsChart onOpen={setSelected} />
      </FailureBoundary>
      <Tabs.Root defaultValue="receipts" className="data-tabs">
        <Tabs.List className="data-tabs__list">
          <Tabs.Tab value="receipts" className="data-tab">
            Receipts
          </Tabs.Tab>
          <Tabs.Tab value="memory" className="data-tab">
            Memory
          </Tabs.Tab>
          <Tabs.Tab value="audit" className="data-tab">
            Audit trail
          </Tabs.Tab>
          <Tabs.Tab value="database" className="data-tab">
            Database
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="receipts" className="data-tabs__panel">
          <FailureBoundary>
            <FilteredTable definition={RECEIPTS_TABLE} total={stats?.receiptsTotal} onOpen={setSelected} />
          </FailureBoundary>
        </Tabs.Panel>
        <Tabs.Panel value="memory" className="data-tabs__panel">
          <FailureBoundary>
            <FilteredTable definition={MEMORY_TABLE} total={stats?.agentsTracked} onOpen={setSelected} />
          </FailureBoundary>
        </Tabs.Panel>
        <Tabs.Panel value="audit" className="data-tabs__panel">
          <FailureBoundary>
            <FilteredTable definition={AUDIT_TABLE} total={stats?.auditEntries} onOpen={setSelected} />
          </FailureBoundary>
        </Tabs.Panel>
        <Tabs.Panel value="database" className="data-tabs__panel data-tabs__panel--scroll">
          <DatabasePanel stats={stats} />
        </Tabs.Panel>
      </Tabs.Root>
      <RecordDialog record={selected} onClose={() => setSelected(undefined)} />
    </section>
  );
}
