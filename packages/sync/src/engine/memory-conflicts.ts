/** Conflicts of memory, which pulls log in the audit trail, and the version that ends them. */
import {
  parseRedacted,
  type JsonInput,
  type MemoryRow,
  type Persistence,
  type Rows,
  type RowsWithCursor,
  type SavedMemory,
} from '@ggen-sim/core';
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
  /** True when the current version has a greater number than both, or the memory was deleted or redacted. */
  readonly merged: boolean;
  readonly winner: ConflictVersion;
  /** The version that is left in the history. */
  readonly loser: ConflictVersion;
}

/** What is to become the current version: one that met another, by its hash, or another memory. */
export type MemoryMerge = {
  readonly agentId: string;
  /** Merge only if this is the stored version: the one that was looked at. @default the one that is stored then */
  readonly ifVersion?: number;
} & ({ readonly hash: string } | { readonly memory: JsonInput });

/** Options of {@link memoryConflicts}. */
export interface MemoryConflictOptions {
  /** Only those of this agent. */
  readonly agentId?: string;
  /** True to read both versions, for which the change log is read once for each batch. @default false */
  readonly content?: boolean;
  /** Number of conflicts at most. @default 100 */
  readonly limit?: number;
  /** Continue after the conflicts that returned this `nextCursor`. */
  readonly after?: string;
}

const DEFAULT_LIMIT = 100;

/** Conflicts that are held at a time while they are streamed. */
const BATCH_CONFLICTS = 100;

/**
 * Lists the conflicts of memory, latest first: `await` it for an array, `for await` it to stream them, or ask for a cursor.
 * @throws {PersistenceError} INVALID_ARGUMENT
 */
export function memoryConflicts(
  database: Persistence,
  options: MemoryConflictOptions = {},
): Rows<MemoryConflict> {
  const { limit = DEFAULT_LIMIT, after } = options;
  const read = async (): Promise<RowsWithCursor<MemoryConflict>> => {
    const conflicts: MemoryConflict[] = [];
    let cursor = after;
    do {
      const batch = await readBatch(database, options, limit - conflicts.length, cursor);
      conflicts.push(...batch.rows);
      cursor = batch.nextCursor ?? undefined;
      // Another program may have logged something else under the same words.
    } while (cursor !== undefined && conflicts.length < limit);
    return { rows: conflicts, nextCursor: cursor ?? null };
  };
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- as the rows of a query
    then: (onFulfilled, onRejected) =>
      read()
        .then(({ rows }) => rows)
        .then(onFulfilled, onRejected),
    withCursor: read,
    async *[Symbol.asyncIterator]() {
      let [left, cursor] = [limit, after];
      while (left > 0) {
        const batch = await readBatch(database, options, Math.min(BATCH_CONFLICTS, left), cursor);
        yield* batch.rows;
        left -= batch.rows.length;
        if (batch.nextCursor === null) return;
        cursor = batch.nextCursor;
      }
    },
  };
}

/** Reads the conflicts among the next entries of the audit trail. */
async function readBatch(
  database: Persistence,
  { agentId, content = false }: MemoryConflictOptions,
  limit: number,
  after: string | undefined,
): Promise<RowsWithCursor<MemoryConflict>> {
  const conflicts: MemoryConflict[] = [];
  const currentVersions = new Map<string, number>();
  const { rows, nextCursor } = await database
    .queryAuditTrail({
      operation: 'memory_conflict',
      operationType: 'sync',
      // Without a beginning, the last seven days are meant.
      since: '0001-01-01',
      limit,
      ...(agentId !== undefined && { agentExact: agentId }),
      ...(after !== undefined && { after }),
    })
    .withCursor();
  for (const { auditId, agentId: agent, details } of rows) {
    const [winner, loser] = versionsIn(details);
    if (winner === undefined || loser === undefined) continue;
    const current = currentVersions.get(agent) ?? (await versionToMerge(database, agent));
    currentVersions.set(agent, current);
    conflicts.push({ agentId: agent, auditId, merged: current > winner.version, winner, loser });
  }
  return { rows: content ? await withContent(database, conflicts) : conflicts, nextCursor };
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
  const [first] = await memoryConflicts(database, { agentId, limit: 1 });
  if (current === undefined || first === undefined)
    throw noConflict(`The memory of agent ${JSON.stringify(agentId)} has no conflict`);
  const { agentType, version } = current;
  const memory = 'hash' in merge ? await chosen(database, agentId, merge.hash) : merge.memory;
  return database.saveMemory({ agentId, agentType, memory, ifVersion: merge.ifVersion ?? version });
}

/** Reads the number of the current version. Of a memory that was removed nothing is left to merge: @returns infinity */
async function versionToMerge(database: Persistence, agent: string): Promise<number> {
  const current = await findMemory(database, agent);
  return current === undefined || parseRedacted(current.memoryJson) !== undefined
    ? Infinity
    : current.version;
}

async function findMemory(database: Persistence, agentId: string): Promise<MemoryRow | undefined> {
  const [row] = await database.queryMemory({ agentExact: agentId });
  return row;
}

/** Reads the memory of a version that met another one. @throws {SyncError} SYNC_NO_CONFLICT */
async function chosen(database: Persistence, agentId: string, hash: string): Promise<string> {
  for await (const conflict of memoryConflicts(database, { agentId, limit: Number.MAX_SAFE_INTEGER })) {
    if (conflict.winner.hash !== hash && conflict.loser.hash !== hash) continue;
    const [read] = await withContent(database, [conflict]);
    const found = read?.winner.hash === hash ? read.winner : read?.loser;
    if (typeof found?.memoryJson === 'string') return found.memoryJson;
    throw noConflict(`The content of the version with the hash ${hash} was removed`);
  }
  throw noConflict(`No version with the hash ${hash} was in a conflict`);
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
