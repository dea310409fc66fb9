/**
 * The five lock levels of SQLite's rollback-journal protocol (https://www.sqlite.org/lockingv3.html), as the numbers
 * that xLock and xUnlock receive.
 */
export const LockLevel = {
  none: 0,
  shared: 1,
  reserved: 2,
  pending: 3,
  exclusive: 4,
} as const;

/** One of {@link LockLevel}. */
export type LockLevel = (typeof LockLevel)[keyof typeof LockLevel];

/** One open file's place in the locking protocol. */
export interface DatabaseLock {
  /** The level held now. */
  readonly level: LockLevel;
  /**
   * Raises the level. SQLite asks for shared, reserved or exclusive, in that order (shared to exclusive directly when
   * it rolls a hot journal back).
   * @returns false when another connection is in the way (SQLITE_BUSY); the level may then have risen to pending
   */
  acquire(level: LockLevel): boolean;
  /** Lowers the level to shared or none. */
  release(level: LockLevel): void;
  /** Whether this handle is known to hold, or to see, a reserved lock or more. False where that cannot be seen safely. */
  reserved(): boolean;
}
