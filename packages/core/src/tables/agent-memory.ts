import { sha256Bytes } from '#hashing/sha256';
import { parse, stringify } from 'uuid';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import type { MemoryRow, NewMemory, SavedMemory } from '../api/persistence.ts';
import { checkFields, checkRequired, checkText, checkWholeNumber } from '../validation/arguments.ts';
import { checkJson } from '../validation/json-text.ts';
import { timeProblem } from '../validation/timestamps.ts';
import { storedJsonProblem } from './stored-json.ts';
import { keepBytes, TextBytes } from './stored-bytes.ts';
import { insertSql, selectList, type Table, type WriteContext } from './table.ts';

/** The latest memory of each agent. */
export const agentMemoryTable: Table<MemoryRow, NewMemory, SavedMemory> = {
  name: 'agent_memory',
  columns: [
    { column: 'memory_id', field: 'memoryId' },
    { column: 'agent_id', field: 'agentId' },
    { column: 'agent_type', field: 'agentType' },
    { column: 'memory_json', field: 'memoryJson', isJson: true },
    { column: 'last_updated', field: 'lastUpdated', holds: 'time' },
    { column: 'version', field: 'version', holds: 'number' },
  ],
  timeColumn: 'last_updated',
  ageingColumn: undefined,
  uniqueColumn: 'agent_id',
  backupFile: 'agent_memory.json',
  batchKey: 'memories',
  reportKey: 'memories',
  verifyCheck: 'memory',
  query: { method: 'queryMemory' },
  filterColumns: { agentType: { column: 'agent_type' } },
  textColumns: ['memory_json'],
  jsonColumn: 'memory_json',
  contentColumns: ['memory_json'],
  durationColumn: undefined,

  prepare(operation, input) {
    const memory = checkMemory(operation, input);
    return (context) => upsertMemory(context, operation, memory);
  },

  complete: (given, now) => ({
    memoryId: memoryIdOf(String(given['agentId'])),
    lastUpdated: now,
    version: 1,
    ...given,
  }),

  problemOf({ memoryJson, version, lastUpdated }) {
    return (
      storedJsonProblem('memory', memoryJson) ??
      (version >= 1 ? undefined : `version is ${(version as number | null) ?? 'NULL'}`) ??
      timeProblem('last_updated', lastUpdated)
    );
  },
};

/** A memory that has passed every check. */
interface CheckedMemory {
  readonly agentId: string;
  readonly agentType: string;
  readonly memoryJson: string;
  readonly ifVersion: number | undefined;
}

function checkMemory(operation: string, input: NewMemory): CheckedMemory {
  const { agentId, agentType, memory, ifVersion } = checkFields({ operation, name: 'memory' }, input);
  checkRequired(operation, { agentId, agentType, memory: memory === null ? 'null' : memory });
  return {
    agentId: checkText({ operation, name: 'agentId' }, agentId),
    agentType: checkText({ operation, name: 'agentType' }, agentType),
    memoryJson: checkJson({ operation, name: 'memory' }, memory),
    ifVersion:
      ifVersion === undefined ? undefined : checkWholeNumber({ operation, name: 'ifVersion' }, ifVersion),
  };
}

const MEMORY_NAMESPACE = parse('6c0f4a0e-1d0b-5a57-9f0e-2b6f0a1f7c55');

/**
 * Makes the id of an agent's memory: UUID version 8 of a SHA-256 over namespace and name (RFC 9562, appendix B.2). It is the
 * same in every database, so that versions which two databases save are versions of one memory.
 */
function memoryIdOf(agentId: string): string {
  const name = new TextEncoder().encode(agentId);
  const named = new Uint8Array(MEMORY_NAMESPACE.length + name.length);
  named.set(MEMORY_NAMESPACE);
  named.set(name, MEMORY_NAMESPACE.length);
  const bytes = sha256Bytes(named).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return stringify(bytes);
}

const UPSERT_SQL = `${insertSql(agentMemoryTable)}
 ON CONFLICT (agent_id) DO UPDATE SET agent_type = excluded.agent_type, memory_json = excluded.memory_json,
   last_updated = excluded.last_updated, version = coalesce(version, 1) + 1
 RETURNING memory_id, version, rowid`;

/**
 * Saves an agent's memory: version 1 the first time, one more each time after, under the same id.
 * @throws {PersistenceError} VERSION_CONFLICT
 */
function upsertMemory(
  { connection, now, log }: WriteContext,
  operation: string,
  memory: CheckedMemory,
): SavedMemory {
  const { agentId, agentType, memoryJson, ifVersion } = memory;
  if (ifVersion !== undefined) assertVersion(connection, operation, agentId, ifVersion);
  const replaced = log && findMemoryValues(connection, agentId);
  const [memoryId, version, rowid] = connection.get(UPSERT_SQL, [
    memoryIdOf(agentId),
    agentId,
    agentType,
    memoryJson,
    now,
    1,
  ]) as [string, number | bigint, number | bigint];
  log?.({
    table: 'agent_memory',
    values: [memoryId, agentId, agentType, memoryJson, now, version],
    rowid,
    replaced,
  });
  return { memoryId, version: Number(version) };
}

/** Reads the values of an agent's memory, in the order of the columns. */
export function findMemoryValues(connection: SqliteConnection, agentId: string): SqlValue[] | undefined {
  const row = connection.get(
    `SELECT rowid, ${selectList(agentMemoryTable)} FROM agent_memory WHERE agent_id = ?`,
    [agentId],
  );
  if (row === undefined) return undefined;
  const columns = agentMemoryTable.columns.map(({ column }) => column);
  keepBytes(connection, 'agent_memory', columns, row, 1, TextBytes);
  return row.slice(1);
}

/** Checks the stored version. It cannot change before the save, which is in the same transaction. */
function assertVersion(
  connection: SqliteConnection,
  operation: string,
  agentId: string,
  expected: number,
): void {
  const stored = connection.get('SELECT coalesce(version, 1) FROM agent_memory WHERE agent_id = ?', [
    agentId,
  ]);
  const version = stored === undefined ? 0 : Number(stored[0]);
  if (version === expected) return;
  const found = stored === undefined ? 'is not stored' : `is version ${version}, not ${expected}`;
  throw new PersistenceError('VERSION_CONFLICT', `The memory of agent ${JSON.stringify(agentId)} ${found}`, {
    operation,
    hint: 'Another writer saved it meanwhile: read it again, apply the change and save that.',
  });
}
