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

/** The lock that one open file holds in the locking protocol. */
export interface DatabaseLock {
  /** The level held now. */
  readonly level: LockLevel;
  /**
   * Raises the level. SQLite asks for shared, reserved or exclusive, in that order. When it rolls back a hot journal, it
   * goes from shared directly to exclusive.
   * @returns false when another connection holds a conflicting lock (SQLITE_BUSY); the level may then be pending
   */
  acquire(level: LockLevel): boolean;
  /** Lowers the level to shared or none. */
  release(level: LockLevel): void;
  /** True when this handle holds a reserved lock or more, or can see one safely. See xCheckReservedLock. */
  reserved(): boolean;
}
