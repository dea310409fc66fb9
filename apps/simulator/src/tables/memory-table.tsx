import type { MemoryRow } from '@ggen-sim/core';
import { formatBytes } from '../components/format.ts';
import { textOf } from '../components/printable.ts';
import { StoredText } from '../components/stored-text.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import { memoryFiltersOf } from './row-filters.ts';
import { TIME_ORDERS } from './row-order.ts';
import type { TableDefinition } from './filtered-table.tsx';

/** An agent's memory with the length of its JSON instead of the JSON. */
type MemorySummary = Omit<MemoryRow, 'memoryJson'> & { readonly jsonLength: number };

/** The table of agent memory. */
export const MEMORY_TABLE: TableDefinition<MemoryRow, MemorySummary> = {
  table: 'agent_memory',
  title: 'Agent memory',
  query: (persistence, filters, order) =>
    persistence.queryMemory({
      ...memoryFiltersOf(filters),
      order: order === 'oldest-first' ? order : 'newest-first',
    }),
  count: (persistence, filters) => persistence.countMemory(memoryFiltersOf(filters)),
  filters: { names: ['agent', 'type', 'since', 'until', 'text'], statuses: [] },
  orders: TIME_ORDERS,
  summarize: ({ memoryJson, ...summary }) => ({ ...summary, jsonLength: memoryJson.length }),
  columns: [
    {
      title: 'Agent',
      width: 'minmax(110px, 2fr)',
      narrowWidth: 'minmax(40px, 2fr)',
      cell: ({ agentId }) => <StoredText text={agentId} />,
    },
    {
      title: 'Type',
      width: 'minmax(64px, 1fr)',
      narrowWidth: 'minmax(40px, 1fr)',
      cell: ({ agentType }) => <StoredText text={agentType} />,
    },
    {
      title: 'Updated',
      unit: '(UTC)',
      orders: ['newest-first', 'oldest-first'],
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
    { title: 'Version', width: '56px', cell: ({ version }) => <StoredText text={version} />, align: 'end' },
  ],
  rowKey: ({ agentId }) => textOf(agentId),
  empty: {
    title: 'No agent memory yet',
    advice: 'Each session and each agent that runs keeps its memory here.',
  },
  noMatch: {
    title: 'No matching agent memory',
    advice: 'Use * to match any text, or clear the filters.',
  },
};
