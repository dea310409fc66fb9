import type { MemoryRow, RowOrder } from '@ggen-sim/core';
import { useMemo, type ReactNode } from 'react';
import { formatBytes } from '../components/format.ts';
import { Timestamp } from '../components/timestamp.tsx';
import type { ShownRecord } from '../record-dialog/selected-record.ts';
import { RowTable, type Column } from './row-table.tsx';
import { ORDER_WORDS, TablePanel } from './filtered-table.tsx';
import type { RowPagesSource } from './use-row-batches.ts';

/** An agent's memory without its JSON, but with its length. */
type MemorySummary = Omit<MemoryRow, 'memoryJson'> & { readonly jsonLength: number };

const COLUMNS: readonly Column<MemorySummary>[] = [
  { title: 'Agent', width: 'minmax(110px, 2fr)', cell: ({ agentId }) => agentId },
  { title: 'Type', width: 'minmax(64px, 1fr)', cell: ({ agentType }) => agentType },
  {
    title: 'Updated (UTC)',
    width: '136px',
    narrowWidth: '98px',
    cell: ({ lastUpdated }) => <Timestamp time={lastUpdated} />,
  },
  {
    title: 'Size',
    width: '72px',
    cell: ({ jsonLength }) => formatBytes(jsonLength),
    align: 'end',
    wideOnly: true,
  },
  { title: 'Version', width: '56px', cell: ({ version }) => version, align: 'end' },
];

/** What each agent remembers, latest first unless asked otherwise. */
export function MemoryTable({
  total,
  onOpen,
}: {
  total: number | undefined;
  onOpen: (record: ShownRecord) => void;
}): ReactNode {
  return (
    <TablePanel noun="memory">
      {(agent, order) => <FilteredMemory agent={agent} order={order} total={total} onOpen={onOpen} />}
    </TablePanel>
  );
}

function FilteredMemory({
  agent,
  order,
  total,
  onOpen,
}: {
  agent: string;
  order: RowOrder;
  total: number | undefined;
  onOpen: (record: ShownRecord) => void;
}): ReactNode {
  const source = useMemo<RowPagesSource<MemoryRow, MemorySummary>>(
    () => ({
      table: 'agent_memory',
      order,
      query: (persistence) => persistence.queryMemory({ agent, order }),
      keep: ({ memoryJson, ...summary }) => ({ ...summary, jsonLength: memoryJson.length }),
    }),
    [agent, order],
  );
  return (
    <RowTable
      label={`Agent memory, ${ORDER_WORDS[order]}`}
      source={source}
      columns={COLUMNS}
      rowKey={({ memoryId }) => memoryId}
      total={agent === '%' ? total : undefined}
      onOpen={({ agentId, version, lastUpdated }) =>
        onOpen({ table: 'agent_memory', agentId, version, lastUpdated })
      }
      empty={
        agent === '%' ? (
          <>
            <strong>No agent remembers anything yet</strong>
            <span>A session and the agents that run in it each keep their memory here.</span>
          </>
        ) : (
          <>
            <strong>No memory of “{agent}”</strong>
            <span>Use * for any text, or clear the filter.</span>
          </>
        )
      }
    />
  );
}
