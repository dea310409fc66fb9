import type { Stats } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import type { Filters } from '../address/address.ts';
import { currentAddress } from '../address/navigation.ts';
import { RunsChart } from '../chart/runs-chart.tsx';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { AUDIT_TABLE } from './audit-table.tsx';
import { FilteredTable, readTableAhead } from './filtered-table.tsx';
import { MEMORY_TABLE } from './memory-table.tsx';
import { RECEIPTS_TABLE } from './receipts-table.tsx';

/** Views that are a table. */
export type TableView = 'receipts' | 'memory' | 'audit';

readFirstTableAhead();

/** Begins to read the rows of the first table while the page is still being rendered. */
function readFirstTableAhead(): void {
  const address = currentAddress();
  if (address.view === 'receipts') readTableAhead(RECEIPTS_TABLE, address);
  if (address.view === 'memory') readTableAhead(MEMORY_TABLE, address);
  if (address.view === 'audit') readTableAhead(AUDIT_TABLE, address);
}

/**
 * Shows the table of a view.
 * @param matchingReceipts - number of receipts that pass the filters
 */
export function RecordTable({
  view,
  stats,
  filters,
  matchingReceipts,
}: {
  view: TableView;
  stats: Stats | undefined;
  filters: Filters;
  matchingReceipts: number | undefined;
}): ReactNode {
  if (view === 'receipts') {
    return (
      <>
        <FailureBoundary>
          <RunsChart filters={filters} />
        </FailureBoundary>
        <FailureBoundary>
          <FilteredTable
            definition={RECEIPTS_TABLE}
            matching={matchingReceipts}
            total={stats?.receiptsTotal}
          />
        </FailureBoundary>
      </>
    );
  }
  return (
    <FailureBoundary>
      {view === 'memory' ? (
        <FilteredTable definition={MEMORY_TABLE} total={stats?.agentsTracked} />
      ) : (
        <FilteredTable definition={AUDIT_TABLE} total={stats?.auditEntries} />
      )}
    </FailureBoundary>
  );
}
