import type { MemoryRow } from '@ggen-sim/core';
import { formatBytes } from '../components/format.ts';
import { StoredText } from '../components/stored-text.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import type { TableDefinition } from './filtered-table.tsx';

/** An agent's memory with the length of its JSON instead of the JSON. */
type MemorySummary = Omit<MemoryRow, 'memoryJson'> & { readonly jsonLength: number };

/** The table of agent memory. */
export const MEMORY_TABLE: TableDefinition<MemoryRow, MemorySummary> = {
  table: 'agent_memory',
  title: 'Agent memory',
  query: (persistence, { agent, order }) => persistence.queryMemory({ agent, order }),
  summarize: ({ memoryJson, ...summary }) => ({ ...summary, jsonLength: memoryJson.length }),
  columns: [
    { title: 'Agent', width: 'minmax(110px, 2fr)', cell: ({ agentId }) => <StoredText text={agentId} /> },
    { title: 'Type', width: 'minmax(64px, 1fr)', cell: ({ agentType }) => <StoredText text={agentType} /> },
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
    { title: 'Version', width: '56px', cell: ({ version }) => <StoredText text={version} />, align: 'end' },
  ],
  rowKey: ({ memoryId }) => memoryId,
  recordOf: ({ agentId, version, lastUpdated }) => ({
    table: 'agent_memory',
    agentId,
    version,
    lastUpdated,
  }),
  empty: {
    title: 'No agent memory yet',
    advice: 'Each session and each agent that runs keeps its memory here.',
  },
  noMatch: {
    title: 'No matching agent memory',
    advice: 'Use * to match any text, or clear the filter.',
  },
};
