/** Earlier versions of memory: the change log holds what each save replaced. */
import type { MemoryVersion } from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { CHANGE_LOG, readOrigin } from '../schema/change-log-table.ts';

/** A version to find: by its number, or the one that was stored at a time (`YYYY-MM-DD HH:MM:SS`). */
export type WantedVersion = { readonly version: number } | { readonly at: string };

/** A version of an agent's memory, with its content. */
export interface FoundMemory {
  readonly version: number;
  readonly agentType: string;
  readonly memoryJson: string;
}

/** Members of the JSON in a column, which another program may have replaced by anything. */
const member = (name: string): string =>
  `CASE WHEN json_valid(body) THEN json_extract(body, '$.${name}') END`;

const EARLIER = `FROM ${CHANGE_LOG.name} WHERE kind = 'memory.saved' AND row_id = ? AND body IS NOT NULL`;

const CURRENT_SQL = `SELECT coalesce(version, 1), agent_type, last_updated, memory_json, memory_id
  FROM agent_memory WHERE agent_id = ?`;

const VERSIONS_SQL = `SELECT ${member('version')}, ${member('agent_type')}, ${member('last_updated')},
  length(CAST(${member('memory_json')} AS BLOB)) ${EARLIER} ORDER BY seq DESC`;

/** Lists the versions of an agent's memory, the current one first. Without a change log there is only that one. */
export function listVersions(
  connection: SqliteConnection,
  operation: string,
  agentId: string,
): MemoryVersion[] {
  const [version, agentType, lastUpdated, memoryJson, memoryId = null] = currentOf(
    connection,
    operation,
    agentId,
  );
  const sizeBytes = new TextEncoder().encode(String(memoryJson)).length;
  const earlier = hasLog(connection) ? connection.all(VERSIONS_SQL, [memoryId]) : [];
  return [[version, agentType, lastUpdated, sizeBytes], ...earlier].map((values) => ({
    version: Number(values[0]),
    agentType: String(values[1]),
    lastUpdated: String(values[2]),
    sizeBytes: Number(values[3]),
  }));
}

/**
 * Finds a version of an agent's memory.
 * @throws {PersistenceError} NOT_FOUND
 */
export function findVersion(
  connection: SqliteConnection,
  operation: string,
  agentId: string,
  wanted: WantedVersion,
): FoundMemory {
  const [version, agentType, lastUpdated, memoryJson, memoryId = null] = currentOf(
    connection,
    operation,
    agentId,
  );
  const isCurrent =
    'version' in wanted ? Number(version) === wanted.version : String(lastUpdated) <= wanted.at;
  if (isCurrent) return found([version, agentType, memoryJson]);
  const [condition, value] =
    'version' in wanted
      ? [`${member('version')} = ?`, wanted.version]
      : [`${member('last_updated')} <= ?`, wanted.at];
  const row = hasLog(connection)
    ? connection.get(
        `SELECT ${member('version')}, ${member('agent_type')}, ${member('memory_json')} ${EARLIER}
          AND ${condition} ORDER BY seq DESC LIMIT 1`,
        [memoryId, value],
      )
    : undefined;
  if (row !== undefined) return found(row);
  const asked = 'version' in wanted ? `version ${wanted.version}` : `version of ${wanted.at}`;
  throw new PersistenceError(
    'NOT_FOUND',
    `The memory of agent ${JSON.stringify(agentId)} has no ${asked}; it is version ${Number(version)}`,
    {
      operation,
      ...(!hasLog(connection) && {
        hint: 'This database keeps no earlier versions: it has no change log (`enableHistory`).',
      }),
    },
  );
}

function found([version, agentType, memoryJson]: readonly (SqlValue | undefined)[]): FoundMemory {
  return { version: Number(version), agentType: String(agentType), memoryJson: String(memoryJson) };
}

function currentOf(connection: SqliteConnection, operation: string, agentId: string): SqlValue[] {
  const row = connection.get(CURRENT_SQL, [agentId]);
  if (row !== undefined) return row;
  throw new PersistenceError('NOT_FOUND', `There is no memory of agent ${JSON.stringify(agentId)}`, {
    operation,
  });
}

function hasLog(connection: SqliteConnection): boolean {
  return readOrigin(connection) !== undefined;
}
