/**
 * Asynchronous work of a storage around SQLite's synchronous calls. A mirror of the file is brought up to date before a
 * transaction and written back after it; a file handle is taken over from another tab.
 */
export interface StorageTransactions {
  /**
   * Runs `work`, which only reads, on an up-to-date database. When stored bytes could not be read, `work` runs again, once,
   * so it must keep nothing of an earlier run.
   */
  readTransaction<T>(work: () => T | Promise<T>): Promise<T>;
  /**
   * Runs one transaction, BEGIN to COMMIT, on an up-to-date database. Resolves once its changes are durable. When
   * another connection has committed first, `work` runs again, so it must keep nothing of an earlier run.
   *
   * @param onRollback - called within the transaction when the storage restored the file after SQLite had committed.
   * SQLite must then read the file before another connection changes it, or it would trust its stale cache
   * @throws SqliteError SQLITE_BUSY (5) when another connection committed first, SQLITE_FULL (13) or SQLITE_IOERR (10)
   * with the storage's error as cause. Nothing of the transaction is stored then
   * @throws UncertainCommit when the storage cannot tell whether the transaction is stored
   */
  writeTransaction<T>(work: () => T | Promise<T>, onRollback: () => void): Promise<T>;
}

/** Transactions of a storage that needs no work of its own: SQLite's calls are enough. */
export const passThrough: StorageTransactions = {
  readTransaction: async (work) => work(),
  writeTransaction: async (work) => work(),
};
