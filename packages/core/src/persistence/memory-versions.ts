/** The methods that read, compare and restore versions of memory. */
import type {
  JsonPatchOperation,
  MemoryComparison,
  MemoryLookup,
  MemoryRestoration,
  MemoryVersion,
  SavedMemory,
} from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import {
  describeVersion,
  findVersion,
  listEarlier,
  readCurrent,
  type EarlierVersions,
  type FoundMemory,
  type WantedVersion,
} from '../change-log/memory-history.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { agentMemoryTable } from '../tables/agent-memory.ts';
import { checkFields, checkRequired, checkText, checkWholeNumber, invalid } from '../validation/arguments.ts';
import { momentOf, toTimestamp } from '../validation/timestamps.ts';

/** Versions of the memories of one database. */
export class MemoryVersions {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #changeLog: ChangeLog;
  readonly #clock: () => Date;

  constructor(connection: SqliteConnection, queue: OperationQueue, changeLog: ChangeLog, clock: () => Date) {
    this.#connection = connection;
    this.#queue = queue;
    this.#changeLog = changeLog;
    this.#clock = clock;
  }

  async get(lookup: MemoryLookup): Promise<string> {
    const operation = 'getMemory';
    const agentId = checkAgentId(operation, lookup);
    const wanted = checkWanted(operation, lookup);
    const found = await this.#find(operation, agentId, wanted);
    return found.memoryJson;
  }

  async list(agentId: string): Promise<MemoryVersion[]> {
    const operation = 'memoryHistory';
    checkRequired(operation, { agentId });
    const id = checkText({ operation, name: 'agentId' }, agentId);
    const connection = this.#connection;
    return this.#queue.runInSteps(operation, async (steps) => {
      const current = await steps.read(() =>
        connection.snapshot(() => readCurrent(connection, operation, id)),
      );
      const versions = [describeVersion(current)];
      // A version of another machine that loses is stored for a moment, and the one in use again after it.
      const hashes = new Set(versions.map(({ hash }) => hash));
      for (let beforeSeq: number | undefined = Infinity; beforeSeq !== undefined;) {
        const before: number = beforeSeq;
        const earlier: EarlierVersions = await steps.read(() =>
          connection.snapshot(() => listEarlier(connection, current, before)),
        );
        for (const version of earlier.versions) {
          if (!hashes.has(version.hash)) versions.push(version);
          hashes.add(version.hash);
        }
        beforeSeq = earlier.beforeSeq;
      }
      return versions;
    });
  }

  async compare(comparison: MemoryComparison): Promise<JsonPatchOperation[]> {
    const operation = 'diffMemory';
    const agentId = checkAgentId(operation, comparison);
    const from = checkVersion(operation, 'from', comparison.from);
    const to = comparison.to === undefined ? undefined : checkVersion(operation, 'to', comparison.to);
    const [before, after] = await Promise.all([
      this.#find(operation, agentId, { version: from }),
      this.#find(operation, agentId, to === undefined ? 'current' : { version: to }),
    ]);
    const { createPatch } = await import('rfc6902');
    return createPatch(parseMemory(operation, before), parseMemory(operation, after));
  }

  async restore(restoration: MemoryRestoration): Promise<SavedMemory> {
    const operation = 'restoreMemory';
    const agentId = checkAgentId(operation, restoration);
    const version = checkVersion(operation, 'version', restoration.version);
    const { ifVersion } = restoration;
    if (ifVersion !== undefined) checkWholeNumber({ operation, name: 'ifVersion' }, ifVersion);
    return this.#queue.enqueueWrite(operation, ['agent_memory'], () => {
      const { agentType, memoryJson } = findVersion(this.#connection, operation, agentId, { version });
      const insert = agentMemoryTable.prepare(operation, {
        agentId,
        // Bytes are refused like any other value that is no text.
        agentType: agentType as string,
        memory: memoryJson,
        ...(ifVersion !== undefined && { ifVersion }),
      });
      return insert({
        connection: this.#connection,
        now: toTimestamp(this.#clock()),
        log: this.#changeLog.noteRow,
      });
    });
  }

  #find(operation: string, agentId: string, wanted: WantedVersion): Promise<FoundMemory> {
    return this.#queue.enqueueRead(operation, () =>
      this.#connection.snapshot(() => findVersion(this.#connection, operation, agentId, wanted)),
    );
  }
}

/** Reads the content of a version, which another program may have stored. @throws {PersistenceError} INVALID_JSON */
function parseMemory(operation: string, { version, memoryJson }: FoundMemory): unknown {
  try {
    return JSON.parse(memoryJson);
  } catch (cause) {
    throw new PersistenceError('INVALID_JSON', `Version ${version} of the memory is not JSON`, {
      operation,
      cause,
    });
  }
}

function checkAgentId(operation: string, given: { readonly agentId: string }): string {
  const { agentId } = checkFields({ operation, name: 'memory' }, given);
  checkRequired(operation, { agentId });
  return checkText({ operation, name: 'agentId' }, agentId);
}

function checkVersion(operation: string, name: string, version: unknown): number {
  checkRequired(operation, { [name]: version });
  return checkWholeNumber({ operation, name }, version);
}

function checkWanted(operation: string, { version, hash, at }: MemoryLookup): WantedVersion {
  if (hash !== undefined) {
    const field = { operation, name: 'hash' };
    if (version !== undefined || at !== undefined)
      throw invalid(field, hash, 'left out: version or at says which one');
    return { hash: checkText(field, hash) };
  }
  if (at === undefined) {
    return version === undefined ? 'current' : { version: checkVersion(operation, 'version', version) };
  }
  const field = { operation, name: 'at' };
  if (version !== undefined) throw invalid(field, at, 'left out: version says which one');
  const moment = momentOf(at);
  if (moment === null) throw invalid(field, at, 'a time such as 2026-01-29 18:00:00 or 2026-01-29T18:00:00Z');
  return { atMs: moment };
}
