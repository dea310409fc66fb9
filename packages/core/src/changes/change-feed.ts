/**
 * Tells listeners of commits: of our own at once, of others' as soon as there is a hint. A hint is never truth: what it
 * leads to is a look at the file change counter, or, where others say what they changed, their word for it.
 */
import { foreignChanges } from '#changes/external-changes';
import type { ForeignChanges } from './external-changes.ts';
import type { StorageCapabilities } from '@ggen-sim/sqljs-vfs';
import type { Change, TableName } from '../api/persistence.ts';

const EVERY_TABLE: readonly TableName[] = ['receipts', 'agent_memory', 'audit_log'];

/** What the feed looks at. */
export interface FeedSource {
  readonly capabilities: StorageCapabilities;
  readonly name: string;
  /** Nobody else can commit, so there is nothing to hear, and nothing to miss. */
  readonly alone: boolean;
  /** The change counter after our last commit. */
  readonly lastVersion: () => number;
  /** The change counter now. */
  readonly look: () => Promise<number>;
}

/** The changes of one database, ours and others'. */
export class ChangeFeed {
  readonly #source: FeedSource;
  readonly #listeners: Set<(change: Change) => void> = new Set();
  readonly #foreign: ForeignChanges;
  #lastVersion: number;

  constructor(source: FeedSource) {
    this.#source = source;
    this.#lastVersion = source.lastVersion();
    this.#foreign = foreignChanges(source.capabilities, source.name, (change) => void this.#hear(change));
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#source.alone) this.#foreign.listen();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#foreign.rest();
    };
  }

  /** After a commit of ours. */
  announce(tables: readonly TableName[]): void {
    const version = this.#source.lastVersion();
    // A jump means that somebody committed between our last two commits.
    const missedSome = !this.#source.alone && version > this.#lastVersion + 1 && this.#listeners.size > 0;
    this.#lastVersion = version;
    if (!this.#source.alone) this.#foreign.tell({ tables, version });
    this.#tell({ tables: missedSome ? EVERY_TABLE : tables, version });
  }

  /** Looks whether anybody has committed, without having been told so. */
  look(): void {
    void this.#hear(undefined);
  }

  close(): void {
    this.#listeners.clear();
    this.#foreign.close();
  }

  async #hear(change: Change | undefined): Promise<void> {
    if (change) {
      this.#lastVersion = Math.max(this.#lastVersion, change.version);
      this.#tell(change);
      return;
    }
    let version: number;
    try {
      version = await this.#source.look();
    } catch {
      // Closed, or busy for very long: the next hint, or the next operation, tells.
      return;
    }
    if (version === this.#lastVersion) return;
    this.#lastVersion = version;
    this.#tell({ tables: EVERY_TABLE, version });
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(change));
  }
}
