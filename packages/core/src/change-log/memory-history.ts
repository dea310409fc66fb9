/**
 * Earlier versions of memory: the change log holds what each save replaced. Other programs may have stored anything in a
 * column, so each version is read as the values that it had, and only a text is given out as its JSON.
 */
import type { MemoryVersion } from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { leafOf } from './canonical-form.ts';
import { parseJsonRow } from '../exports/json-values.ts';
import { CHANGE_LOG, readOrigin } from '../schema/change-log-table.ts';
import { bytesInHex } from '../hashing/hex.ts';
import { agentMemoryTable, findMemoryValues } from '../tables/agent-memory.ts';
import { checkJsonText } from '../tables/stored-json.ts';
import { momentOf, showTime, toTimestamp } from '../validation/timestamps.ts';

/** A version to find: by its number or its hash, or the one that was stored at a time, in milliseconds since 1970. */
export type WantedVersion =
  | 'current'
  | { readonly version: number }
  | { readonly hash: string }
  | { readonly atMs: number };

/** A version of an agent's memory, with its content. */
export interface FoundMemory {
  readonly version: number;
  /** Bytes where another program stored no text. */
  readonly agentType: unknown;
  readonly memoryJson: string;
}

/** The values of a version. */
interface StoredVersion {
  readonly version: number;
  readonly agentType: unknown;
  readonly lastUpdated: unknown;
  readonly memoryJson: unknown;
  /** In the order of the columns. */
  readonly values: readonly SqlValue[];
}

/** The values of the current version, and what its earlier ones are found by. */
export interface CurrentVersion extends StoredVersion {
  readonly agentId: string;
  readonly memoryId: SqlValue;
}

/** Earlier versions, the latest first. */
export interface EarlierVersions {
  readonly versions: readonly MemoryVersion[];
  /** Number of the entry before which there may be more; undefined without any. */
  readonly beforeSeq: number | undefined;
}

/** Length of the entries after which a list lets other operations run. */
const BATCH_CHARACTERS = 1_048_576;

/** A save that replaced nothing is the first one, also of a memory that was deleted and saved again. */
const EARLIER_SQL = `SELECT seq, body FROM ${CHANGE_LOG.name}
  WHERE kind = 'memory.saved' AND row_id IS ? AND seq < ? ORDER BY seq DESC LIMIT 1`;

/**
 * Reads the current version of an agent's memory.
 * @throws {PersistenceError} NOT_FOUND
 */
export function readCurrent(
  connection: SqliteConnection,
  operation: string,
  agentId: string,
): CurrentVersion {
  const values = findMemoryValues(connection, agentId);
  if (values === undefined) {
    throw new PersistenceError('NOT_FOUND', `There is no memory of agent ${JSON.stringify(agentId)}`, {
      operation,
    });
  }
  const [memoryId = null, , agentType, memoryJson, lastUpdated, version] = values;
  return { agentId, memoryId, agentType, memoryJson, lastUpdated, version: Number(version ?? 1), values };
}

/** Lists versions that came before, as many as a batch has. @param beforeSeq - number of an entry of the change log */
export function listEarlier(
  connection: SqliteConnection,
  current: CurrentVersion,
  beforeSeq: number,
): EarlierVersions {
  const versions: MemoryVersion[] = [];
  let characters = 0;
  for (const { seq, body, stored } of earlierEntries(connection, current, beforeSeq)) {
    if (stored !== undefined) versions.push(describeVersion(stored));
    characters += body.length;
    if (characters >= BATCH_CHARACTERS) return { versions, beforeSeq: seq };
  }
  return { versions, beforeSeq: undefined };
}

/** Describes a version, without its content. */
export function describeVersion(stored: StoredVersion): MemoryVersion {
  const { version, agentType, lastUpdated, memoryJson } = stored;
  return {
    version,
    agentType: agentType instanceof Uint8Array ? new TextDecoder().decode(agentType) : String(agentType),
    lastUpdated: showTime(lastUpdated),
    sizeBytes:
      memoryJson instanceof Uint8Array
        ? memoryJson.length
        : new TextEncoder().encode(String(memoryJson)).length,
    hash: hashOf(stored),
  };
}

function hashOf({ values }: StoredVersion): string {
  return bytesInHex(leafOf('agent_memory', values));
}

/**
 * Finds a version of an agent's memory.
 * @throws {PersistenceError} NOT_FOUND; INVALID_JSON for bytes that another program stored
 */
export function findVersion(
  connection: SqliteConnection,
  operation: string,
  agentId: string,
  wanted: WantedVersion,
): FoundMemory {
  const current = readCurrent(connection, operation, agentId);
  const stored = wanted === 'current' ? current : findStored(connection, operation, current, wanted);
  const { version, agentType, memoryJson } = stored;
  return { version, agentType, memoryJson: checkJsonText(operation, 'memory_json', memoryJson) };
}

function findStored(
  connection: SqliteConnection,
  operation: string,
  current: CurrentVersion,
  wanted: Exclude<WantedVersion, 'current'>,
): StoredVersion {
  const versions = allVersions(connection, current);
  const stored = 'atMs' in wanted ? storedAt(versions, wanted.atMs) : first(versions, wanted);
  if (stored !== undefined) return stored;
  const asked =
    'atMs' in wanted
      ? `version of ${toTimestamp(new Date(wanted.atMs))}`
      : `version ${'hash' in wanted ? `with the hash ${wanted.hash}` : wanted.version}`;
  throw new PersistenceError(
    'NOT_FOUND',
    `The memory of agent ${JSON.stringify(current.agentId)} has no ${asked}; it is version ${current.version}`,
    {
      operation,
      ...(readOrigin(connection) === undefined && {
        hint: 'This database keeps no earlier versions: it has no change log (`enableHistory`).',
      }),
    },
  );
}

function first(
  versions: Iterable<StoredVersion>,
  wanted: { readonly version: number } | { readonly hash: string },
): StoredVersion | undefined {
  for (const stored of versions)
    if ('hash' in wanted ? hashOf(stored) === wanted.hash : stored.version === wanted.version) return stored;
  return undefined;
}

/**
 * Finds the latest version whose time is not after a moment. One whose time cannot be read counts as saved right after the
 * version before it.
 */
function storedAt(versions: Iterable<StoredVersion>, atMs: number): StoredVersion | undefined {
  let timeless: StoredVersion | undefined;
  for (const stored of versions) {
    const moment = momentOf(stored.lastUpdated);
    if (moment === null) timeless ??= stored;
    else if (moment <= atMs) return timeless ?? stored;
    else timeless = undefined;
  }
  return timeless;
}

function* allVersions(connection: SqliteConnection, current: CurrentVersion): Generator<StoredVersion> {
  yield current;
  for (const { stored } of earlierEntries(connection, current, Infinity)) if (stored) yield stored;
}

/** An entry of the change log. */
interface EarlierEntry {
  readonly seq: number;
  readonly body: string;
  /** Undefined where it is that of another memory, or another program replaced it. */
  readonly stored: StoredVersion | undefined;
}

/** Reads the entries of a memory one by one, because each may be large. */
function* earlierEntries(
  connection: SqliteConnection,
  { memoryId, agentId }: CurrentVersion,
  beforeSeq: number,
): Generator<EarlierEntry> {
  if (readOrigin(connection) === undefined) return;
  // An entry has no id where that of the memory is no text. Then only what it holds says whose it is.
  const id = typeof memoryId === 'string' ? memoryId : null;
  let before = beforeSeq;
  for (;;) {
    const row = connection.get(EARLIER_SQL, [id, before]);
    if (typeof row?.[1] !== 'string') return;
    const [, body] = row;
    const values = parseBody(body);
    const isOther = !('memory_json' in values) || (id === null && values['agent_id'] !== agentId);
    before = Number(row[0]);
    yield { seq: before, body, stored: isOther ? undefined : toVersion(values) };
  }
}

function toVersion(values: Readonly<Record<string, unknown>>): StoredVersion {
  return {
    values: agentMemoryTable.columns.map(({ column }) => (values[column] ?? null) as SqlValue),
    version: Number(values['version'] ?? 1),
    agentType: values['agent_type'],
    lastUpdated: values['last_updated'],
    memoryJson: values['memory_json'],
  };
}

/** Reads the values that a save replaced; an empty object for what is no entry of this program. */
function parseBody(body: string): Readonly<Record<string, unknown>> {
  try {
    const values = parseJsonRow(body);
    return typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
