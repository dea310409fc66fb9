/**
 * Reports commits to subscribers: this connection's at once, those of other connections after a notification.
 * Notifications are hints: the change counter is read before subscribers are told, unless the notification lists the
 * changed tables.
 */
import { externalChanges } from '#changes/external-changes';
import type { ExternalChanges } from './external-changes.ts';
import type { StorageCapabilities } from '@ggen-sim/sqljs-vfs';
import type { Change, TableName } from '../api/persistence.ts';
import { ChangeListeners } from './change-listeners.ts';

/** State of the connection, as the feed reads it. */
export interface FeedSource {
  readonly capabilities: StorageCapabilities;
  readonly name: string;
  /** Every table, reported when it is unknown which of them changed. */
  readonly tables: readonly TableName[];
  /** True when no other connection can commit, so that there is nothing to watch. */
  readonly exclusive: boolean;
  /** Returns the change counter after this connection's last commit. */
  readonly lastVersion: () => number;
  /** Reads the current change counter. */
  readonly readVersion: () => Promise<number>;
}

/** Changes of one database, by this and other connections. */
export class ChangeFeed {
  readonly #source: FeedSource;
  readonly #listeners: ChangeListeners = new ChangeListeners();
  readonly #external: ExternalChanges;
  #lastVersion: number;

  constructor(source: FeedSource) {
    this.#source = source;
    this.#lastVersion = source.lastVersion();
    this.#external = externalChanges(
      source.capabilities,
      source.name,
      (change) => void this.#onExternalChange(change),
    );
  }

  subscribe(listener: (change: Change) => void): () => void {
    const end = this.#listeners.add(listener);
    if (!this.#source.exclusive) this.#external.start();
    return () => {
      end();
      if (this.#listeners.size === 0) this.#external.stop();
    };
  }

  /** Reports a commit of this connection. */
  publish(tables: readonly TableName[]): void {
    const version = this.#source.lastVersion();
    // A gap in the counter means that another connection committed between this connection's last two commits.
    const missedSome = !this.#source.exclusive && version > this.#lastVersion + 1 && this.#listeners.size > 0;
    this.#lastVersion = version;
    if (!this.#source.exclusive) this.#external.publish({ tables, version });
    this.#listeners.notify({ tables: missedSome ? this.#source.tables : tables, version });
  }

  /** Checks for commits of other connections without a notification. */
  checkForChanges(): void {
    void this.#onExternalChange(undefined);
  }

  close(): void {
    this.#listeners.clear();
    this.#external.close();
  }

  async #onExternalChange(change: Change | undefined): Promise<void> {
    if (change) {
      this.#lastVersion = Math.max(this.#lastVersion, change.version);
      this.#listeners.notify(change);
      return;
    }
    let version: number;
    try {
      version = await this.#source.readVersion();
    } catch {
      // The database is closed, or locked for very long. The next notification or operation reports the change.
      return;
    }
    if (version === this.#lastVersion) return;
    this.#lastVersion = version;
    this.#listeners.notify({ tables: this.#source.tables, version });
  }
}
