import { v7 as uuidv7 } from 'uuid';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { NewMemory, SavedMemory } from '../api/persistence.ts';
import { checkFields, checkRequired, checkText } from '../validation/arguments.ts';
import { checkJson } from '../validation/json-text.ts';
import { agentMemoryTable } from './agent-memory.table.ts';
import { selectList } from './table.ts';

/** A memory that has passed every check. */
export interface CheckedMemory {
  readonly agentId: string;
  readonly agentType: string;
  readonly memoryJson: string;
}

const columns: string = selectList(agentMemoryTable);

/** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_JSON` */
export function checkMemory(operation: string, input: NewMemory): CheckedMemory {
  const { agentId, agentType, memory } = checkFields({ operation, name: 'memory' }, input);
  checkRequired(operation, { agentId, agentType, memory: memory === null ? 'null' : memory });
  return {
    agentId: checkText({ operation, name: 'agentId' }, agentId),
    agentType: checkText({ operation, name: 'agentType' }, agentType),
    memoryJson: checkJson({ operation, name: 'memory' }, memory),
  };
}

/** Saves an agent's memory: version 1 the first time, one more each time after, under the same id. */
export function upsertMemory(connection: SqliteConnection, memory: CheckedMemory, now: string): SavedMemory {
  const [memoryId, version] = connection.get(
    `INSERT INTO agent_memory (${columns}) VALUES (?, ?, ?, ?, ?, 1)
     ON CONFLICT (agent_id) DO UPDATE SET agent_type = excluded.agent_type, memory_json = excluded.memory_json,
       last_updated = excluded.last_updated, version = coalesce(version, 1) + 1
     RETURNING memory_id, version`,
    [uuidv7(), memory.agentId, memory.agentType, memory.memoryJson, now],
  ) as [string, number];
  return { memoryId, version };
}

/** The stored JSON of an agent's memory. */
export function findMemoryJson(connection: SqliteConnection, agentId: string): string | undefined {
  return connection.get('SELECT memory_json FROM agent_memory WHERE agent_id = ?', [agentId])?.[0] as
    | string
    | undefined;
}
