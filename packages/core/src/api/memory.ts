import type { AgentSelection, JsonInput, RowOrder } from './rows.ts';

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

/** Filter and order of {@link Persistence.queryMemory}. */
export interface MemoryQuery extends AgentSelection {
  /** Order by the time of the last save. @default 'newest-first' */
  readonly order?: RowOrder;
}
