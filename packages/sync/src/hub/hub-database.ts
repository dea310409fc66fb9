/** A database that holds a hub, in the SQL that SQLite and PostgreSQL share. Parameters are `$1`, `$2`, which first appear in that order. */
export type HubValue = string | number | null | readonly string[];

/** A table of a hub. Every one but that of the version has the column `tenant`. */
export interface HubTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Constraints. */
  readonly keys: string;
}

export type ColumnType = 'TEXT' | 'TEXT NOT NULL' | 'BIGINT NOT NULL';

/** Statements of one transaction, about the rows of one tenant. */
export interface HubSession {
  readonly tenant: string;
  /** @returns the rows; a 64-bit integer may come as a text */
  query(sql: string, values?: readonly HubValue[]): Promise<readonly (readonly unknown[])[]>;
  /**
   * Inserts rows.
   * @param rows - values of all columns, in their order
   * @param ifAbsent - true to leave out those that break a constraint
   */
  insert(table: HubTable, rows: readonly (readonly HubValue[])[], ifAbsent?: boolean): Promise<void>;
  /** Makes the condition that a text is one of those in a parameter, which is a list: `change_key ${isAmong('$2')}`. */
  isAmong(parameter: string): string;
  /** Waits until no other session creates or migrates tables, and keeps others from it until the transaction ends. */
  lockSchema(): Promise<void>;
  hasTable(name: string): Promise<boolean>;
  /** Lets the database itself show each tenant its own rows alone, where it can. */
  isolate(tables: readonly HubTable[]): Promise<void>;
  /** Makes sure that it does so. @throws {SyncError} SYNC_TARGET_INVALID */
  assertIsolated(tables: readonly HubTable[]): Promise<void>;
}

/** Transactions. */
export interface HubDatabase {
  /**
   * Runs work in a transaction, which is rolled back when it throws. The work may run again when another connection
   * was first.
   * @throws {SyncError} SYNC_UNREACHABLE
   */
  transaction<T>(tenant: string, work: (session: HubSession) => Promise<T>): Promise<T>;
  /**
   * Calls back when another process may have pushed to a hub: too often makes no difference, and too seldom only delays.
   * @param hubId - that of a tenant, in the database
   * @returns ends it
   */
  watch(hubId: string, onChange: () => void): () => void;
  /** Gives other processes a sign that a push was committed, if there is a way; waits for none of them, and never fails. */
  signal(hubId: string, position: number): void;
  close(): Promise<void>;
}
