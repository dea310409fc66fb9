/**
 * Some storages need asynchronous work around SQLite's synchronous calls: a mirror has to be brought up to date before
 * and written back after, a file handle has to be taken over from another tab. A turn is that work around one use of
 * the database.
 */
export interface StorageTransactions {
  /** Runs reads on an up-to-date database. */
  readTransaction<T>(work: () => T | Promise<T>): Promise<T>;
  /**
   * Runs a transaction, BEGIN to COMMIT, on an up-to-date database, and resolves once its changes are durable. `work`
   * is run again when it turns out that somebody else committed first: it must not keep anything of an earlier run.
   * @throws SqliteError SQLITE_BUSY (5) when somebody else committed first: nothing of it is left, try again;
   * SQLITE_FULL (13), SQLITE_IOERR (10) with the storage's error as cause, and again nothing of it is left
   * @throws UncertainCommit when nobody can tell whether it is stored
   *
   * @param onRollback - called, still within the turn, when the file went back to what it was before although SQLite
   * had committed: SQLite has to look at it before anybody else changes it, or it would trust its cache
   */
  writeTransaction<T>(work: () => T | Promise<T>, onRollback: () => void): Promise<T>;
}

/** Turns of a storage that needs none: SQLite's own calls are all there is to do. */
export const passThrough: StorageTransactions = {
  readTransaction: async (work) => work(),
  writeTransaction: async (work) => work(),
};
