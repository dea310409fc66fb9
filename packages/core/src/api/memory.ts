import type { Continuation, MemoryFilters } from './filters.ts';
import type { JsonInput, RowOrder } from './rows.ts';

/** The memory of an agent, to save. */
export interface NewMemory {
  readonly agentId: string;
  readonly agentType: string;
  readonly memory: JsonInput;
  /**
   * Save only if this is the stored version; 0 if no memory may be stored yet. So that two writers who read the same
   * version do not replace each other's save unseen.
   * @default any version is replaced
   */
  readonly ifVersion?: number;
}

/** Result of saving a memory. */
export interface SavedMemory {
  /** The same for every save of this agent's memory. */
  readonly memoryId: string;
  /** 1 for the first save, one more for each later save. */
  readonly version: number;
}

/** A row of `agent_memory`. */
export interface MemoryRow {
  readonly memoryId: string;
  readonly agentId: string;
  readonly agentType: string;
  /** The memory as it was passed, byte for byte. */
  readonly memoryJson: string;
  /** UTC `YYYY-MM-DD HH:MM:SS`. As it is stored, if another program stored another form. */
  readonly lastUpdated: string;
  readonly version: number;
}

/** Filters, order and limit of {@link Persistence.queryMemory}. */
export interface MemoryQuery extends MemoryFilters, Continuation {
  /** Order by the time of the last save. @default 'newest-first' */
  readonly order?: RowOrder;
  /** Number of rows to return at most, from the beginning of the order. @default no limit */
  readonly limit?: number;
}

/** A version of an agent's memory to read. Earlier versions are in databases with a change log. */
export interface MemoryLookup {
  readonly agentId: string;
  /** Number of the version, of several the latest. @default the current one */
  readonly version?: number;
  /** Hash of the version, as `memoryHistory` lists it: machines that synchronise may have saved several of one number. */
  readonly hash?: string;
  /** The version that was stored at this time: UTC `YYYY-MM-DD HH:MM:SS`, or ISO 8601 with an offset. */
  readonly at?: string;
}

/** A version of an agent's memory, without its content. */
export interface MemoryVersion {
  readonly version: number;
  readonly agentType: string;
  /** UTC `YYYY-MM-DD HH:MM:SS`: when this version was saved. As it is stored, if another program stored what is no time. */
  readonly lastUpdated: string;
  /** Size of the JSON in UTF-8, in bytes. */
  readonly sizeBytes: number;
  /** Hash of the row in the change log, 64 hexadecimal digits. */
  readonly hash: string;
}

/** Two versions of an agent's memory to compare. */
export interface MemoryComparison {
  readonly agentId: string;
  readonly from: number;
  /** @default the current version */
  readonly to?: number;
}

/** One operation of a JSON Patch (RFC 6902). */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  /** JSON Pointer (RFC 6901). */
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** A version of an agent's memory to save again. */
export interface MemoryRestoration {
  readonly agentId: string;
  /** Number of the version whose content and agent type become the new version. */
  readonly version: number;
  /** Restore only if this is the stored version; see {@link NewMemory.ifVersion}. */
  readonly ifVersion?: number;
}
