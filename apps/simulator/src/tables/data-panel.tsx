import { Tabs } from '@base-ui/react/tabs';
import { type Persistence, type Stats, TABLE_NAMES, type TableName } from '@ggen-sim/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { VIEWS, type Filters, type View } from '../address/address.ts';
import { currentAddress, openView, useAddress } from '../address/navigation.ts';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { pacedQuery } from '../database/paced-query.ts';
import { useTableProblems } from '../database/use-table-problems.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { Overview } from '../overview/overview.tsx';
import { RecordView } from '../record-dialog/record-view.tsx';
import { SqlView } from '../sql/sql-view.tsx';
import { DatabaseView } from '../storage/database-view.tsx';
import { untilFirstRows } from './first-rows.ts';
import { MissingTables } from './missing-tables.tsx';
import { useReceiptCounts } from './receipt-counts.ts';
import { StatsStrip } from './stats-strip.tsx';
import { TablePanel } from './table-panel.tsx';
import './data-panel.css';

const TITLES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  receipts: 'Receipts',
  memory: 'Memory',
  audit: 'Audit trail',
  sql: 'SQL',
  database: 'Database',
};

/** Views that are a table of records. */
const TABLE_VIEWS = ['receipts', 'memory', 'audit'] as const;

/** Tables that a view reads. The counts above the views read all of them. */
const TABLES_OF: Readonly<Partial<Record<View, readonly TableName[]>>> = {
  overview: TABLE_NAMES,
  receipts: ['receipts'],
  memory: ['agent_memory'],
  audit: ['audit_log'],
};

/** Filters of another view say nothing about receipts. */
const NO_FILTERS: Filters = {};

const readNothing = (): Promise<undefined> => Promise.resolve(undefined);

const countAll = pacedQuery((persistence): Promise<Stats> => persistence.stats());

async function readStats(persistence: Persistence): Promise<Stats> {
  if (TABLE_VIEWS.some((view) => view === currentAddress().view)) await untilFirstRows();
  return countAll(persistence);
}

/** Shows the stored data live: counts, latest runs, the three tables, queries and the database itself. */
export function DataPanel(): ReactNode {
  const address = useAddress();
  const { view, filters } = address;
  const problems = useTableProblems();
  const { value: stats } = useLiveQuery(problems.length === 0 ? readStats : readNothing, TABLE_NAMES);
  const receiptFilters = view === 'receipts' ? filters : NO_FILTERS;
  const counts = useReceiptCounts(problems.length === 0 ? receiptFilters : NO_FILTERS);
  const tabs = useRef<HTMLDivElement>(null);
  useEffect(() => keepActiveTabVisible(tabs.current), [view]);
  const missing = problems.filter(({ table }) => TABLES_OF[view]?.includes(table) === true);
  return (
    <section className="data-panel panel" aria-label="Stored data">
      {/* Without a session, no other heading stands between that of the page and those of the parts. */}
      <h2 className="visually-hidden">Stored data</h2>
      {problems.length > 0 ? null : <StatsStrip stats={stats} filters={receiptFilters} filtered={counts} />}
      <Tabs.Root value={view} onValueChange={(next: View) => openView(next)} className="data-tabs">
        <Tabs.List className="data-tabs__list" ref={tabs}>
          {VIEWS.map((name) => (
            <Tabs.Tab key={name} value={name} className="data-tab">
              {TITLES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {missing.length > 0 ? (
          <Tabs.Panel value={view} className="data-tabs__panel data-tabs__panel--scroll">
            <MissingTables problems={missing} />
          </Tabs.Panel>
        ) : null}
        <RecordPanels
          isShown={missing.length === 0}
          stats={stats}
          filters={filters}
          matchingReceipts={counts.total}
        />
        <Tabs.Panel value="sql" className="data-tabs__panel">
          <FailureBoundary>
            <SqlView />
          </FailureBoundary>
        </Tabs.Panel>
        <Tabs.Panel value="database" className="data-tabs__panel data-tabs__panel--scroll">
          <FailureBoundary>
            <DatabaseView stats={stats} />
          </FailureBoundary>
        </Tabs.Panel>
      </Tabs.Root>
      {missing.length === 0 ? <RecordView address={address} /> : null}
    </section>
  );
}

/** Scrolls the tabs, which may be wider than a phone, now and when the width changes. */
function keepActiveTabVisible(tabs: HTMLElement | null): (() => void) | undefined {
  if (!tabs) return undefined;
  const observer = new ResizeObserver(() => {
    const { left, right } = tabs.getBoundingClientRect();
    const tab = tabs.querySelector('[role="tab"][aria-selected="true"]')?.getBoundingClientRect();
    if (!tab) return;
    tabs.scrollLeft += Math.max(0, tab.right - right) + Math.min(0, tab.left - left);
  });
  observer.observe(tabs);
  return () => observer.disconnect();
}

/** The views of records. */
function RecordPanels({
  isShown,
  stats,
  filters,
  matchingReceipts,
}: {
  isShown: boolean;
  stats: Stats | undefined;
  filters: Filters;
  matchingReceipts: number | undefined;
}): ReactNode {
  if (!isShown) return null;
  return (
    <>
      <Tabs.Panel value="overview" className="data-tabs__panel data-tabs__panel--scroll">
        <FailureBoundary>
          <Overview stats={stats} />
        </FailureBoundary>
      </Tabs.Panel>
      {TABLE_VIEWS.map((view) => (
        <Tabs.Panel
          key={view}
          value={view}
          className={`data-tabs__panel${view === 'receipts' ? ' data-tabs__panel--charted' : ''}`}
        >
          <FailureBoundary>
            <TablePanel view={view} stats={stats} filters={filters} matchingReceipts={matchingReceipts} />
          </FailureBoundary>
        </Tabs.Panel>
      ))}
    </>
  );
}
