import type { Persistence } from '../../packages/core/src/api/persistence.ts';

/** A database opened for a story. */
export interface ModelHandle {
  readonly db: Persistence;
  /**
   * Has the owner of this handle die: before its k-th storage call from now, or at whatever moment comes of `calls`
   * where calls cannot be counted.
   */
  crashAt(calls: number): void;
  /** Has the owner die now if it has not yet; resolves when what it held is free for others. */
  bury(): Promise<void>;
}

/** Where a story is played: an empty place for one database. */
export interface ScenarioHarness {
  /** What is stored stays when every handle is gone. */
  readonly persistent: boolean;
  /** Several handles may be open at once. */
  readonly shared: boolean;
  /** The clock the handles read stands still and can be set; otherwise it only stands still. */
  readonly setClock: ((now: Date) => void) | undefined;
  readonly startsAt: Date;
  open(): Promise<ModelHandle>;
  /** Checks what was left by other means, and takes the place away. */
  remove(): Promise<void>;
}
