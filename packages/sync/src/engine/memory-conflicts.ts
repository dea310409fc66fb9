/** Conflicts of memory, which pulls log in the audit trail, and the version that ends them. */
import type { JsonInput, MemoryRow, Persistence, SavedMemory } from '@ggen-sim/core';
import { SyncError } from '../errors.ts';

/** A version that met another one. */
export interface ConflictVersion {
  readonly version: number;
  /** Hash of the version in the change log, 64 hexadecimal digits. */
  readonly hash: string;
  readonly lastUpdated: string;
  /** Only with the content: the memory; `null` where it was removed. */
  readonly memoryJson?: string | null;
}

/** Two versions of one memory that were saved without knowledge of each other. */
export interface MemoryConflict {
  readonly agentId: string;
  /** Id of the audit entry, the same in every database. */
  readonly auditId: string;
  /** True when the current version has a greater number than both, or the memory was removed. */
  readonly merged: boolean;
  readonly winner: ConflictVersion;
  /** The version that is left in the history. */
  readonly loser: ConflictVersion;
}

/** What is to become the current version: one that met another, by its hash, or another memory. */
export type MemoryMerge = { readonly agentId: string } & (
  | { readonly hash: string }
  | { readonly memory: JsonInput }
);

/**
 * Lists the conflicts of memory, latest first.
 * @param options.agentId - only those of this agent
 * @param options.content - true to read both versions, for which the change log is read
 */
export async function memoryConflicts(
  database: Persistence,
  { agentId, content = false }: { readonly agentId?: string; readonly content?: boolean } = {},
): Promise<MemoryConflict[]> {
  const conflicts: MemoryConflict[] = [];
  const currentVersions = new Map<string, number>();
  const entries = database.queryAuditTrail({
    operation: 'memory_conflict',
    operationType: 'sync',
    // Without a beginning, the last seven days are meant.
    since: '0001-01-01',
    limit: Number.MAX_SAFE_INTEGER,
    ...(agentId !== undefined && { agentExact: agentId }),
  });
  for await (const { auditId, agentId: agent, details } of entries) {
    const [winner, loser] = versionsIn(details);
    if (winner === undefined || loser === undefined) continue;
    const current = currentVersions.get(agent) ?? (await findMemory(database, agent))?.version ?? Infinity;
    currentVersions.set(agent, current);
    conflicts.push({ agentId: agent, auditId, merged: current > winner.version, winner, loser });
  }
  return content ? withContent(database, conflicts) : conflicts;
}

/**
 * Saves a memory as the version after the current one. It replaces both sides of a conflict in every database, unless another
 * one saves it as well.
 * @throws {SyncError} SYNC_NO_CONFLICT
 * @throws {PersistenceError} VERSION_CONFLICT when it was saved meanwhile; INVALID_JSON
 */
export async function mergeMemory(database: Persistence, merge: MemoryMerge): Promise<SavedMemory> {
  const { agentId } = merge;
  const current = await findMemory(database, agentId);
  const isChosen = 'hash' in merge;
  const conflicts = await memoryConflicts(database, { agentId, content: isChosen });
  if (current === undefined || conflicts.length === 0)
    throw noConflict(`The memory of agent ${JSON.stringify(agentId)} has no conflict`);
  const { agentType, version } = current;
  const memory = isChosen ? chosen(conflicts, merge.hash) : merge.memory;
  return database.saveMemory({ agentId, agentType, memory, ifVersion: version });
}

async function findMemory(database: Persistence, agentId: string): Promise<MemoryRow | undefined> {
  const [row] = await database.queryMemory({ agentExact: agentId });
  return row;
}

function chosen(conflicts: readonly MemoryConflict[], hash: string): string {
  const versions = conflicts.flatMap(({ winner, loser }) => [winner, loser]);
  const found = versions.find((version) => version.hash === hash);
  if (found === undefined) throw noConflict(`No version with the hash ${hash} was in a conflict`);
  if (typeof found.memoryJson === 'string') return found.memoryJson;
  throw noConflict(`The content of the version with the hash ${hash} was removed`);
}

function noConflict(message: string): SyncError {
  return new SyncError('SYNC_NO_CONFLICT', message, { hint: 'List them with `memoryConflicts`.' });
}

/** Reads winner and loser from the details of an audit entry; nothing where another program logged it. */
function versionsIn(details: string | null): readonly (ConflictVersion | undefined)[] {
  try {
    const { winner, loser } = JSON.parse(details ?? '') as Record<string, Record<string, unknown>>;
    return [winner, loser].map((logged) => {
      const { version, leaf, last_updated: lastUpdated } = logged ?? {};
      if (typeof version !== 'number' || typeof leaf !== 'string') return undefined;
      return { version, hash: leaf, lastUpdated: String(lastUpdated) };
    });
  } catch {
    return [];
  }
}

async function withContent(
  database: Persistence,
  conflicts: readonly MemoryConflict[],
): Promise<MemoryConflict[]> {
  const contents = new Map(
    conflicts
      .flatMap(({ winner, loser }) => [winner, loser])
      .map(({ hash }) => [hash, null as string | null]),
  );
  // Rows are looked up for the entries of those versions alone.
  for await (const { data } of contents.size === 0 ? [] : database.changes()) {
    if (contents.get(data.leaf) !== null) continue;
    for await (const { data: entry } of database.changes({ after: data.seq - 1, limit: 1, rows: true })) {
      if (entry.row && 'memoryJson' in entry.row) contents.set(data.leaf, entry.row.memoryJson);
    }
  }
  const read = (version: ConflictVersion): ConflictVersion => ({
    ...version,
    memoryJson: contents.get(version.hash) ?? null,
  });
  return conflicts.map((conflict) => ({
    ...conflict,
    winner: read(conflict.winner),
    loser: read(conflict.loser),
  }));
}
