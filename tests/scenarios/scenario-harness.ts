import type { Persistence } from '../../packages/core/src/api/persistence.ts';

/** A database opened for a scenario. */
export interface ModelHandle {
  readonly db: Persistence;
  /**
   * Crashes the owner of this handle after `calls` more storage calls. If calls cannot be counted, the harness derives a
   * moment from `calls`.
   */
  crashAt(calls: number): void;
  /** Crashes the owner now if it has not crashed yet. Resolves when its locks and files are released. */
  release(): Promise<void>;
}

/** The storage of one scenario: one database, empty at first. */
export interface ScenarioHarness {
  /** True when stored data survives the closing of every handle. */
  readonly persistent: boolean;
  /** True when several handles may be open at once. */
  readonly shared: boolean;
  /** Sets the clock of the handles, which otherwise stands still. Undefined if it cannot be set. */
  readonly setClock: ((now: Date) => void) | undefined;
  readonly startsAt: Date;
  open(): Promise<ModelHandle>;
  /** Removes the storage. May check it by other means first. */
  remove(): Promise<void>;
}
