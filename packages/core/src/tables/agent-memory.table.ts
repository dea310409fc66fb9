import type { MemoryRow } from '../api/persistence.ts';
import type { TableShape } from './table.ts';

export const agentMemoryTable: TableShape<MemoryRow> = {
  name: 'agent_memory',
  timeColumn: 'last_updated',
  columns: [
    { column: 'memory_id', field: 'memoryId' },
    { column: 'agent_id', field: 'agentId' },
    { column: 'agent_type', field: 'agentType' },
    { column: 'memory_json', field: 'memoryJson' },
    { column: 'last_updated', field: 'lastUpdated' },
    { column: 'version', field: 'version' },
  ],
};
