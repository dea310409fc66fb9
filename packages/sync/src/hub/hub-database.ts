/** A database that holds a hub, in the SQL that SQLite and PostgreSQL share. Parameters are `$1`, `$2` in order. */
export type HubValue = string | number | null;

/** Statements of one transaction. */
export interface HubSession {
  /** @returns the rows; a 64-bit integer may come as a text */
  query(sql: string, values?: readonly HubValue[]): Promise<readonly (readonly unknown[])[]>;
}

/** Transactions. */
export interface HubDatabase {
  /**
   * Runs work in a transaction, which is rolled back when it throws. The work may run again when another connection
   * was first.
   * @throws {SyncError} SYNC_UNREACHABLE
   */
  transaction<T>(work: (session: HubSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
