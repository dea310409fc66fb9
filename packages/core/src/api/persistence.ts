/**
 * The interface of this package. It is the same in process and behind a worker, in Node and in browsers. Every method is
 * asynchronous. Values to save as JSON are serialised in the caller's thread, so `toJSON` counts everywhere.
 *
 * Fields are named like the columns, in camelCase. Times are UTC `YYYY-MM-DD HH:MM:SS`. Durations are milliseconds.
 */
import type {
  AuditExportOptions,
  AuditQuery,
  AuditRow,
  ExportReport,
  LoggedAudit,
  NewAuditEntry,
} from './audit.ts';
import type { BackupOptions, BackupReport, RestoreOptions, RestoreReport } from './backup.ts';
import type { ChangeEvent, ChangesOptions } from './changes.ts';
import type { RowExportOptions } from './export.ts';
import type { AuditFilters, MemoryFilters, ReceiptFilters } from './filters.ts';
import type { HistoryStatus } from './history.ts';
import type { ImageImportOptions, ImageReport, ImportReport, RowImportOptions } from './import.ts';
import type {
  JsonPatchOperation,
  MemoryComparison,
  MemoryLookup,
  MemoryQuery,
  MemoryRestoration,
  MemoryRow,
  MemoryVersion,
  NewMemory,
  SavedMemory,
} from './memory.ts';
import type { LongOperationOptions } from './options.ts';
import type { Closeable } from './platform-types.ts';
import type { Checkpoint, Proof, ProofRequest, VerifyOptions } from './proofs.ts';
import type { NewReceipt, ReceiptLookup, ReceiptQuery, ReceiptRow, SavedReceipt } from './receipts.ts';
import type {
  AnalyticsQuery,
  AnalyticsReport,
  CleanupOptions,
  CleanupReport,
  Info,
  Stats,
  VerifyReport,
} from './reports.ts';
import type {
  DeletionReport,
  Hold,
  HoldRequest,
  RecordLookup,
  RedactionReport,
  RemovalRequest,
  RetentionOptions,
  RetentionPolicy,
  RetentionReport,
} from './retention.ts';
import type { Rows } from './rows.ts';
import type { SqlQuery, SqlResult } from './sql.ts';
import type { IncomingBatch, IncomingReport, SyncState } from './sync.ts';
import type { RecordBatch, RecordedBatch, TableName } from './tables.ts';
import type { TimeSeriesQuery, TimeSeriesReport } from './time-series.ts';

export type * from './audit.ts';
export type * from './backup.ts';
export type * from './changes.ts';
export type * from './export.ts';
export type * from './filters.ts';
export type * from './history.ts';
export type * from './import.ts';
export type * from './memory.ts';
export type * from './options.ts';
export type * from './proofs.ts';
export type * from './receipts.ts';
export type * from './reports.ts';
export type * from './retention.ts';
export type * from './rows.ts';
export type * from './sql.ts';
export type * from './sync.ts';
export type * from './tables.ts';
export type * from './time-series.ts';

/** A commit, as reported to subscribers. */
export interface Change {
  readonly tables: readonly TableName[];
  /** The file change counter after the commit (SQLite file format, section 1.3.7). */
  readonly version: number;
}

/**
 * Receipts, agent memory and audit trail in one SQLite database.
 *
 * A write resolves once it is durable (see {@link Info.durability}), never before. Methods reject with a
 * `PersistenceError`. Every method may reject with `DATABASE_LOCKED`, `DISK_FULL`, `IO_ERROR` or `CLOSED`; with a worker,
 * also with `WORKER_GONE`.
 */
export interface Persistence extends Closeable {
  /**
   * Saves a receipt.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `INVALID_JSON`, `DUPLICATE_EXECUTION`
   */
  saveReceipt(receipt: NewReceipt): Promise<SavedReceipt>;
  /**
   * Saves receipts in one transaction: all or none.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `INVALID_JSON`, `DUPLICATE_EXECUTION`
   */
  saveReceipts(receipts: readonly NewReceipt[]): Promise<SavedReceipt[]>;
  /**
   * Returns the receipts that pass the filters, newest first by default.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  queryReceipts(query?: ReceiptQuery): Rows<ReceiptRow>;
  /**
   * Counts the receipts that pass the filters, without a limit.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  countReceipts(filters?: ReceiptFilters): Promise<number>;
  /**
   * Returns the stored JSON of a receipt, byte for byte. A text is the id, compared exactly.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, also for the beginning of several ids; `NOT_FOUND`
   */
  getReceipt(receipt: ReceiptLookup): Promise<string>;

  /**
   * Saves an agent's memory and replaces the previous one.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `INVALID_JSON`, `VERSION_CONFLICT`
   */
  saveMemory(memory: NewMemory): Promise<SavedMemory>;
  /**
   * Saves memories in one transaction: all or none.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `INVALID_JSON`, `VERSION_CONFLICT`
   */
  saveMemories(memories: readonly NewMemory[]): Promise<SavedMemory[]>;
  /**
   * Returns the stored JSON of an agent's memory, byte for byte: the current version, or an earlier one.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`, `INVALID_JSON` for bytes that another program stored
   */
  getMemory(memory: string | MemoryLookup): Promise<string>;
  /**
   * Lists the versions of an agent's memory, the current one first. Without a change log there is only that one.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`
   */
  memoryHistory(agentId: string): Promise<MemoryVersion[]>;
  /**
   * Returns the difference between two versions of an agent's memory as a JSON Patch (RFC 6902). Numbers are those of
   * JavaScript: integers beyond 2^53 are compared rounded, so two that differ may count as equal.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`, `INVALID_JSON` for what another program stored
   */
  diffMemory(comparison: MemoryComparison): Promise<JsonPatchOperation[]>;
  /**
   * Saves an earlier version of an agent's memory as a new version.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`, `VERSION_CONFLICT`, `INVALID_JSON` for what another
   * program stored
   */
  restoreMemory(memory: MemoryRestoration): Promise<SavedMemory>;
  /**
   * Returns the memories that pass the filters, latest save first by default.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  queryMemory(query?: MemoryQuery): Rows<MemoryRow>;
  /**
   * Counts the memories that pass the filters.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  countMemory(filters?: MemoryFilters): Promise<number>;

  /**
   * Logs an audit entry.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  logAudit(entry: NewAuditEntry): Promise<LoggedAudit>;
  /**
   * Logs audit entries in one transaction: all or none.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  logAudits(entries: readonly NewAuditEntry[]): Promise<LoggedAudit[]>;
  /**
   * Returns the audit entries that pass the filters, newest first by default: those of the last 7 days, unless the period is
   * given.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  queryAuditTrail(query?: AuditQuery): Rows<AuditRow>;
  /**
   * Counts the audit entries that {@link Persistence.queryAuditTrail} would return without a limit.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  countAuditTrail(filters?: AuditFilters): Promise<number>;

  /**
   * Writes audit entries, receipts and memories in one transaction: all or none.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `INVALID_JSON`, `DUPLICATE_EXECUTION`, `VERSION_CONFLICT`
   */
  record(batch: RecordBatch): Promise<RecordedBatch>;

  /**
   * Writes the audit trail to a file or a stream. What it writes is not encrypted, also if the database is.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `ABORTED`
   */
  exportAuditTrail(options?: AuditExportOptions): Promise<ExportReport>;
  /**
   * Writes the rows of a table that pass the filters to a file or a stream. In JSON and NDJSON every value is exact: a BLOB is
   * `{"base64":"…"}`, a text that is not UTF-8 `{"text":{"base64":"…"}}`, as in a backup. What it writes is not encrypted, also if the database is.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `ABORTED`
   */
  exportRows(options: RowExportOptions): Promise<ExportReport>;
  /**
   * Stores the rows of an input as they are, in batches, each in one transaction. A row that breaks a rule, or has the id of
   * another one, is refused and named by its line, and the others are stored. An import that fails or is aborted has stored
   * whole batches; its error counts them.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `ABORTED`
   */
  importRows(options: RowImportOptions): Promise<ImportReport>;
  /**
   * Writes a backup: a JSON file for each table, the database image and a manifest. What it writes is not encrypted, also if the database is.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `ALREADY_EXISTS`, `ABORTED`
   */
  exportBackup(options?: BackupOptions): Promise<BackupReport>;
  /**
   * Checks a backup, its rows and that its parts agree, then restores it in one transaction.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `BACKUP_INVALID`, `NEWER_SCHEMA`, `ALREADY_EXISTS`, `ABORTED`
   */
  restoreBackup(options: RestoreOptions): Promise<RestoreReport>;

  /**
   * Returns metrics per agent and statistics per receipt status for a period.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  analytics(query?: AnalyticsQuery): Promise<AnalyticsReport>;
  /**
   * Returns counts, rates, error shares and percentiles of durations by hour or day, beside those of the period before.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  timeSeries(query?: TimeSeriesQuery): Promise<TimeSeriesReport>;
  /** Returns counts and the size. They are read from indexes. */
  stats(): Promise<Stats>;

  /**
   * Deletes old receipts and audit entries, never memory, and then frees their space (VACUUM). Rows are deleted in batches,
   * and other connections save in between: a cleanup that fails or is aborted has deleted some, and its error counts them.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `ABORTED`
   */
  cleanup(options?: CleanupOptions): Promise<CleanupReport>;
  /**
   * Deletes every receipt, memory and audit entry, earlier memories as well. This cannot be undone.
   * @throws {PersistenceError} `HELD` while a record is held
   */
  reset(): Promise<void>;
  /**
   * Deletes one record. The change log keeps its hash, and says why and when it was deleted, so that earlier proofs and
   * checkpoints go on to hold. Of a memory, the earlier versions in the change log are redacted as well. Its bytes in the
   * file are overwritten; see `vacuum`.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`, `HELD`, `ABORTED`
   */
  deleteRecord(request: RemovalRequest): Promise<DeletionReport>;
  /**
   * Replaces the content of one record by its SHA-256 (`parseRedacted` reads it): the JSON of a receipt, the JSON of a memory
   * and of its earlier versions, the details and the error message of an audit entry. The record stays where it is, and can
   * be found by everything else. Redacting it again changes nothing.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`, `HELD`, `ABORTED`
   */
  redactRecord(request: RemovalRequest): Promise<RedactionReport>;
  /**
   * Holds a record: no deletion, redaction, cleanup, retention or reset removes it until the hold is removed. Saves go on,
   * also of the memory. A further hold of the same record replaces the reason.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`
   */
  addHold(hold: HoldRequest): Promise<Hold>;
  /**
   * Removes the hold of a record.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND` where it has none
   */
  removeHold(record: RecordLookup): Promise<void>;
  /** Lists the holds, by table and id. */
  listHolds(): Promise<Hold[]>;
  /**
   * Stores a retention policy, in place of the one with its name. Nothing is deleted until {@link runRetention}.
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  setRetentionPolicy(policy: RetentionPolicy): Promise<RetentionPolicy>;
  /**
   * Removes a retention policy.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_FOUND`
   */
  removeRetentionPolicy(name: string): Promise<void>;
  /**
   * Lists the retention policies, by their names.
   * @throws {PersistenceError} `INVALID_JSON` for what another program stored
   */
  listRetentionPolicies(): Promise<RetentionPolicy[]>;
  /**
   * Deletes what is beyond the limits of the retention policies, one after another, the oldest rows first, and then frees
   * their space as a cleanup does. What is held stays. Rows are deleted in batches, and other connections save in between: a
   * run that fails or is aborted has deleted some, and its error counts them.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `INVALID_JSON` for a policy that another program stored, `ABORTED`
   */
  runRetention(options?: RetentionOptions): Promise<RetentionReport>;
  /**
   * Checks integrity, schema, indexes and every receipt id, and compares every row with the change log: what another
   * program edited, deleted, or inserted among earlier rows. With checkpoints that were kept elsewhere, it also finds
   * entries that were cut off, and a change log that was written anew. Problems are reported, not thrown.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `PROOF_INVALID` for a checkpoint that the key has not signed, `ABORTED`
   */
  verify(options?: VerifyOptions): Promise<VerifyReport>;

  /**
   * Returns the state of the change log: the root of the Merkle tree (RFC 9162) over its entries. Sign it (`signNote`) and
   * keep it elsewhere: what is in it cannot be changed any more without {@link verify} finding it.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NO_CHANGE_LOG`, `ABORTED`
   */
  checkpoint(options?: LongOperationOptions): Promise<Checkpoint>;
  /**
   * Makes a proof that a record is in the change log of a checkpoint, or that the change log begins with that of an earlier
   * checkpoint. `verifyProof` verifies it without the database.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NO_CHANGE_LOG`, `NOT_FOUND`, `PROOF_INVALID` for a row that was edited,
   * `ABORTED`
   */
  prove(request: ProofRequest): Promise<Proof>;

  /** Tells if this database has a change log, and how far it goes. */
  historyStatus(): Promise<HistoryStatus>;
  /**
   * Creates the change log in a database that has none, with an entry for every row that it holds, in one transaction. Does
   * nothing where there is one.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `SCHEMA_MISMATCH`, `ABORTED`
   */
  enableHistory(options?: LongOperationOptions): Promise<HistoryStatus>;

  /**
   * Returns the entries of the change log as events, in order, each exactly once: to go on later, pass the id of the last
   * event as `after`. With `follow` it waits for the commits of every tab and process. Entries are read in batches of at most
   * 500 as they are asked for; no lock is held and nothing is read in advance meanwhile. Each iteration begins at `after`.
   *
   * A `CHANGE_LOG_RESET` means that the numbers belong to another database since: after a restore, a reset or an import, or
   * where an older copy of the file took its place. Read the rows themselves, and go on with `after: 'latest'`.
   * @returns an async iterable, which rejects as follows
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NO_CHANGE_LOG`, `CHANGE_LOG_RESET`, `ABORTED`; `CLOSED` when the database is
   * closed while it waits
   */
  changes(options?: ChangesOptions): AsyncIterable<ChangeEvent>;

  /**
   * Returns what {@link applyChanges} stored last, and where the change log ends.
   * @throws {PersistenceError} `NO_CHANGE_LOG`
   */
  syncState(): Promise<SyncState>;
  /**
   * Stores changes of other databases and the state of the synchronisation, in one transaction. What is here already makes
   * no difference. Of two memories that were saved in two places the later version wins; the other one stays in the history.
   * A record that is held here is not removed, but refused.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NO_CHANGE_LOG`; `CHANGE_LOG_RESET` when the database has another id
   */
  applyChanges(batch: IncomingBatch): Promise<IncomingReport>;
  /**
   * Gives the database another id, because its file was copied. Readers of events must begin anew.
   * @returns the new id
   * @throws {PersistenceError} `NO_CHANGE_LOG`
   */
  renewOrigin(): Promise<string>;

  /**
   * Runs a query in SQL that only reads, with a limit of rows and of time. A text that is not UTF-8 has U+FFFD in place of
   * each wrong byte; `CAST(… AS BLOB)` gives its bytes.
   * @throws {PersistenceError} `INVALID_ARGUMENT` for a statement that is wrong, writes or is not the only one; `TIMEOUT`,
   * `ABORTED`
   */
  querySql(query: SqlQuery): Promise<SqlResult>;

  /** Returns the database as the bytes of an SQLite file. They are not encrypted, also if the database is. */
  exportImage(): Promise<Uint8Array>;
  /**
   * Checks the bytes of an SQLite file, then replaces the database by them. The file must hold at least one table of this
   * program, and each of them as this program or the original scripts made it.
   * @throws {PersistenceError} `INVALID_ARGUMENT`, `NOT_A_DATABASE`, `CORRUPT`, `NEWER_SCHEMA`, `SCHEMA_MISMATCH`
   */
  importImage(image: Uint8Array): Promise<void>;
  /**
   * Does the same with a stream, progress (`read` for a stream, `check`, `image`) and a signal. Aborted, the database stays as
   * it was.
   * @throws {PersistenceError} as above, and `ABORTED`
   */
  importImage(options: ImageImportOptions): Promise<void>;
  /**
   * Checks the bytes of an SQLite file as {@link Persistence.importImage} does, verifies them as {@link Persistence.verify}
   * does, and tells what an import would bring. Nothing is replaced.
   * @throws {PersistenceError} as `importImage` does
   */
  inspectImage(options: ImageImportOptions): Promise<ImageReport>;

  /**
   * Calls the listener after each commit by this handle, by other tabs and, in Node, by other processes. Of a commit by
   * another process only the fact is known, so every table is named. An error in a listener is reported as uncaught in
   * the caller's thread and reaches no other listener.
   * @returns a function that ends the subscription
   * @throws {PersistenceError} `INVALID_ARGUMENT`
   */
  subscribe(listener: (change: Change) => void): () => void;
  /** Returns where the data is stored, and what is promised for it. */
  info(): Promise<Info>;
  /** Waits for the calls made before, then closes the database. Further calls of it do nothing. */
  close(): Promise<void>;
}
