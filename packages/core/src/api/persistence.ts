/**
 * The one interface of this package. It is the same in process and behind a worker, in Node and in a page:
 * everything is asynchronous, everything that crosses it survives structured cloning.
 *
 * Names follow the tables in camelCase; times are UTC `YYYY-MM-DD HH:MM:SS`; durations are milliseconds.
 */

/** How an execution ended. */
export type ReceiptStatus = 'success' | 'error' | 'partial';

/** What happened to an audited operation. */
export type AuditStatus = 'started' | 'completed' | 'failed' | 'retry';

/** The span of an analytics report, counted back from now. */
export type AnalyticsPeriod = 'last-24-hours' | 'last-7-days' | 'last-30-days' | 'last-90-days';

/** Formats an export can be written in: one JSON array, one JSON object a line, or CSV by RFC 4180. */
export type ExportFormat = 'json' | 'ndjson' | 'csv';

/** The tables a change can touch. */
export type TableName = 'receipts' | 'agent_memory' | 'audit_log';

/**
 * JSON as the caller has it: text, which is checked and kept byte for byte, or a value, which is serialised
 * canonically (RFC 8785). To store a JSON string value, pass it as text: `'"like this"'`.
 */
export type JsonInput =
  | string
  | number
  | boolean
  | null
  | readonly unknown[]
  | { readonly [key: string]: unknown };

/** A receipt to save. */
export interface NewReceipt {
  /** Unique among all receipts. */
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly receipt: JsonInput;
  /** @default 'success' */
  readonly status?: ReceiptStatus;
  /** Whole milliseconds. @default 0 */
  readonly durationMs?: number;
  /**
   * Makes saving the identical receipt again a no-op that returns the same id: the safe way to repeat a call whose
   * outcome is unknown. A different receipt under the same execution id is refused all the same.
   * @default false
   */
  readonly ifAbsent?: boolean;
}

/** What saving a receipt answers. */
export interface SavedReceipt {
  /** SHA-256, 64 hex digits, of the receipt's canonical form: the same receipt has the same id everywhere. */
  readonly receiptId: string;
  /** False when `ifAbsent` found the identical receipt already stored. */
  readonly created: boolean;
}

/** A row of `receipts`. */
export interface ReceiptRow {
  readonly receiptId: string;
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  /** The receipt, byte for byte as it was given. */
  readonly receiptJson: string;
  readonly status: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly durationMs: number | null;
}

/** An agent's state to keep. */
export interface NewMemory {
  readonly agentId: string;
  readonly agentType: string;
  readonly memory: JsonInput;
}

/** What saving memory answers. */
export interface SavedMemory {
  /** Stays the same however often the agent's memory is saved. */
  readonly memoryId: string;
  /** 1 the first time, then one more each time. */
  readonly version: number;
}

/** A row of `agent_memory`. */
export interface MemoryRow {
  readonly memoryId: string;
  readonly agentId: string;
  readonly agentType: string;
  /** The memory, byte for byte as it was given. */
  readonly memoryJson: string;
  readonly lastUpdated: string;
  readonly version: number;
}

/** An audit entry to log. */
export interface NewAuditEntry {
  readonly agentId: string;
  readonly operation: string;
  readonly status: AuditStatus;
  readonly operationType?: string;
  /** Whole milliseconds. @default 0 */
  readonly durationMs?: number;
  readonly details?: string;
  readonly errorMessage?: string;
}

/** What logging an audit entry answers. */
export interface LoggedAudit {
  readonly auditId: string;
}

/** A row of `audit_log`. */
export interface AuditRow {
  readonly auditId: string;
  readonly timestamp: string;
  readonly agentId: string;
  readonly operation: string;
  readonly operationType: string | null;
  readonly status: string;
  readonly durationMs: number | null;
  readonly details: string | null;
  readonly errorMessage: string | null;
}

/**
 * Rows on their way: `await` them for an array, or `for await` them to stream without building one. Streaming reads
 * in batches; every row that was there when it began and is still there when its batch is read comes exactly once.
 */
export interface Rows<Row> extends PromiseLike<Row[]>, AsyncIterable<Row> {}

/**
 * Which rows come first. Within one second the rows written last are the newest; rows without a time, which only
 * programs other than this one write, are the oldest.
 */
export type RowOrder = 'newest-first' | 'oldest-first';

/** Which receipts. */
export interface ReceiptQuery {
  /** SQL LIKE pattern over the agent id; `*` means `%`. @default '%' */
  readonly agent?: string;
  /** @default 'newest-first' */
  readonly order?: RowOrder;
  /** At most this many, from the beginning of the order. @default 100 */
  readonly limit?: number;
}

/** Whose memory. */
export interface MemoryQuery {
  /** SQL LIKE pattern over the agent id; `*` means `%`. @default '%' */
  readonly agent?: string;
  /** By when a memory was last saved. @default 'newest-first' */
  readonly order?: RowOrder;
}

/** Which audit entries. */
export interface AuditQuery {
  /** SQL LIKE pattern over the agent id; `*` means `%`. @default '%' */
  readonly agent?: string;
  /** How many days back from now. @default 7 */
  readonly days?: number;
  /** @default 'newest-first' */
  readonly order?: RowOrder;
  /** At most this many, from the beginning of the order. @default 1000 */
  readonly limit?: number;
}

/** Writes that happen together or not at all: what one run of an agent leaves behind. */
export interface RecordBatch {
  readonly audits?: readonly NewAuditEntry[];
  readonly receipts?: readonly NewReceipt[];
  readonly memories?: readonly NewMemory[];
}

/** What recording a batch answers, in the order given. */
export interface RecordedBatch {
  readonly audits: LoggedAudit[];
  readonly receipts: SavedReceipt[];
  readonly memories: SavedMemory[];
}

/** How far a long operation has come. */
export interface Progress {
  /** What is being done now (`image`, `receipts`, `verify`, …). */
  readonly stage: string;
  readonly done: number;
  /** Unknown (`undefined`) where counting would cost as much as the work. */
  readonly total: number | undefined;
  readonly unit: 'rows' | 'bytes' | 'pages';
}

/** What every long operation takes. */
export interface LongOperationOptions {
  /** Called now and then; never after the operation has settled. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the operation with `ABORTED`, nothing half-written. */
  readonly signal?: AbortSignal;
}

/** Options of {@link Persistence.exportAuditTrail}. */
export interface AuditExportOptions extends LongOperationOptions {
  /**
   * Where to: in Node a path, where a file of mode 0600 appears once it is complete, replacing what was there;
   * anywhere a stream of bytes, which is closed at the end.
   * @default `./audit-export-YYYYMMDD-HHMMSS.FORMAT` in Node; required in a page
   */
  readonly output?: string | WritableStream<Uint8Array>;
  /** @default 'json' */
  readonly format?: ExportFormat;
  /** SQL LIKE pattern over the agent id. @default '%' */
  readonly agent?: string;
  /** Only the entries of the last so many days. @default every entry */
  readonly days?: number;
  /** CSV: leave the header row out. @default false */
  readonly noHeader?: boolean;
  /** CSV: put `'` before a cell that a spreadsheet would run as a formula. @default false */
  readonly csvSafe?: boolean;
}

/** What an export answers. */
export interface ExportReport {
  /** The path written, or `null` for a stream. */
  readonly path: string | null;
  readonly rows: number;
  readonly bytes: number;
}

/** A place a backup is written to or read from, one flat folder of files. In Node a path is enough. */
export interface BackupDirectory {
  /** Shown in messages. */
  readonly name: string;
  /** Creates a file that must not exist yet; the backup exists once {@link BackupDirectory.finish} resolves. */
  create(fileName: string): Promise<WritableStream<Uint8Array>>;
  /** Makes the created files appear together, durably. */
  finish(): Promise<void>;
  /** Takes back what was created, after a failure. */
  discard(): Promise<void>;
  /** The bytes of a file, or `undefined` if there is none. */
  open(fileName: string): Promise<ReadableStream<Uint8Array> | undefined>;
}

/** Options of {@link Persistence.exportBackup}. */
export interface BackupOptions extends LongOperationOptions {
  /** @default './.ggen-backup' in Node; required in a page */
  readonly directory?: string | BackupDirectory;
}

/** One file of a backup. */
export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** Rows in it; `null` for the database image. */
  readonly rows: number | null;
}

/** What a backup holds: the text of its `manifest.json`. */
export interface BackupManifest {
  readonly format: 'ggen-sim-backup';
  readonly formatVersion: 1;
  /** ISO 8601 with Z. */
  readonly createdAt: string;
  readonly schemaVersion: number;
  readonly programVersion: string;
  /** Receipts whose ids this program did not make and cannot recompute; see {@link VerifyReport}. */
  readonly importedReceipts: number;
  readonly files: readonly BackupFile[];
}

/** What a backup answers. */
export interface BackupReport {
  /** The folder written. */
  readonly directory: string;
  readonly manifest: BackupManifest;
}

/** Options of {@link Persistence.restoreBackup}. */
export interface RestoreOptions extends LongOperationOptions {
  readonly directory: string | BackupDirectory;
  /** Replace what is stored now. Without it a database that holds any row is left as it is (`ALREADY_EXISTS`). @default false */
  readonly force?: boolean;
  /** What to restore from: the database image, or the three JSON files. @default 'image' where the backup has one */
  readonly from?: 'image' | 'json';
}

/** What a restore answers. */
export interface RestoreReport {
  readonly directory: string;
  readonly from: 'image' | 'json';
  readonly receipts: number;
  readonly memories: number;
  readonly auditEntries: number;
}

/** Which rows an analytics report covers. */
export interface AnalyticsQuery {
  /** SQL LIKE pattern over the agent id; `*` means `%`. @default '%' */
  readonly agent?: string;
  /** @default 'last-7-days' */
  readonly period?: AnalyticsPeriod;
}

/** One agent's audit entries, summed up. Durations are over the entries that ended (`completed`, `failed`). */
export interface AgentMetrics {
  readonly agentId: string;
  readonly totalOperations: number;
  readonly successfulOperations: number;
  readonly failedOperations: number;
  /** Two decimals; `null` where nothing has a duration. */
  readonly avgDurationMs: number | null;
  readonly minDurationMs: number | null;
  readonly maxDurationMs: number | null;
}

/** The receipts of one status, summed up. */
export interface ReceiptStatistics {
  readonly status: string;
  readonly count: number;
  /** Two decimals; `null` where nothing has a duration. */
  readonly avgDurationMs: number | null;
}

/** What {@link Persistence.analytics} answers. */
export interface AnalyticsReport {
  readonly period: AnalyticsPeriod;
  /** ISO 8601 with Z. */
  readonly generatedAt: string;
  /** By agent id. */
  readonly agentMetrics: readonly AgentMetrics[];
  /** Most frequent first. */
  readonly receiptStatistics: readonly ReceiptStatistics[];
}

/** What {@link Persistence.stats} answers. */
export interface Stats {
  readonly receiptsTotal: number;
  readonly receiptsSuccess: number;
  readonly receiptsError: number;
  /** Agents with memory. */
  readonly agentsTracked: number;
  readonly auditEntries: number;
  /** File size in KiB, rounded up. */
  readonly databaseSizeKb: number;
  /** Time of the newest receipt; `null` without any. */
  readonly lastReceipt: string | null;
}

/** Options of {@link Persistence.cleanup}. */
export interface CleanupOptions extends LongOperationOptions {
  /** Receipts and audit entries older than this many days go. @default 90 */
  readonly days?: number;
  /** Counts only, deletes nothing. @default false */
  readonly dryRun?: boolean;
}

/** What a cleanup answers. */
export interface CleanupReport {
  readonly days: number;
  readonly dryRun: boolean;
  /** Entries before this moment (UTC `YYYY-MM-DD HH:MM:SS`) were (or would be) deleted. */
  readonly before: string;
  readonly receiptsDeleted: number;
  readonly auditEntriesDeleted: number;
  readonly sizeBeforeBytes: number;
  readonly sizeAfterBytes: number;
}

/** One thing {@link Persistence.verify} found wrong. */
export interface VerifyProblem {
  readonly check: 'integrity' | 'schema' | 'index' | 'receipt' | 'memory' | 'audit';
  /** Where there is one: the row, as `table rowid`. */
  readonly row: string | null;
  readonly message: string;
}

/** What {@link Persistence.verify} answers. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly schemaVersion: number;
  /** Receipts whose id was recomputed and found right. */
  readonly receiptsVerified: number;
  /** Receipts taken over from a database of the original scripts: their ids cannot be recomputed. */
  readonly receiptsImported: number;
  /** Empty when `ok`; otherwise at most the first problem of each check. */
  readonly problems: readonly VerifyProblem[];
}

/** A commit that others may want to know of. */
export interface Change {
  readonly tables: readonly TableName[];
  /** The file change counter after the commit (SQLite file format, section 1.3.7). */
  readonly version: number;
}

/** Where the data lives and what was promised for it. */
export interface Info {
  readonly storage: 'file' | 'memory' | 'indexeddb' | 'opfs';
  /** The real path of the file, symlinks followed, or the name of the database in the browser; `null` in memory. */
  readonly path: string | null;
  readonly persistent: boolean;
  readonly readOnly: boolean;
  /** What a resolved save promises: `strict` survives loss of power, `relaxed` the end of the process. */
  readonly durability: 'strict' | 'relaxed';
  readonly journalMode: string;
  readonly lockProvider: string;
  readonly schemaVersion: number;
  readonly sqliteVersion: string;
  readonly programVersion: string;
  readonly sizeBytes: number;
  readonly pageSizeBytes: number;
}

/**
 * Receipts, agent memory and audit trail in one SQLite database.
 *
 * A write resolves once it is durable (see {@link Info.durability}) and never before. Every method may reject with a
 * `PersistenceError`; `DATABASE_LOCKED`, `DISK_FULL`, `IO_ERROR` and `CLOSED` are possible everywhere and not repeated.
 */
export interface Persistence extends AsyncDisposable {
  /** Saves a receipt. Rejects with `INVALID_ARGUMENT`, `INVALID_JSON`, `DUPLICATE_EXECUTION`. */
  saveReceipt(receipt: NewReceipt): Promise<SavedReceipt>;
  /** Saves receipts together or not at all. */
  saveReceipts(receipts: readonly NewReceipt[]): Promise<SavedReceipt[]>;
  /** Receipts by agent pattern, newest first unless asked otherwise. Rejects with `INVALID_ARGUMENT`. */
  queryReceipts(query?: ReceiptQuery): Rows<ReceiptRow>;
  /** The stored JSON of a receipt, byte for byte. Rejects with `NOT_FOUND`. */
  getReceipt(receiptId: string): Promise<string>;

  /** Saves an agent's memory, replacing what it had. Rejects with `INVALID_ARGUMENT`, `INVALID_JSON`. */
  saveMemory(memory: NewMemory): Promise<SavedMemory>;
  /** Saves memories together or not at all. */
  saveMemories(memories: readonly NewMemory[]): Promise<SavedMemory[]>;
  /** The stored JSON of an agent's memory, byte for byte. Rejects with `NOT_FOUND`. */
  getMemory(agentId: string): Promise<string>;
  /** Memories by agent pattern, latest first unless asked otherwise. Rejects with `INVALID_ARGUMENT`. */
  queryMemory(query?: MemoryQuery): Rows<MemoryRow>;

  /** Logs an audit entry. Rejects with `INVALID_ARGUMENT`. */
  logAudit(entry: NewAuditEntry): Promise<LoggedAudit>;
  /** Logs audit entries together or not at all. */
  logAudits(entries: readonly NewAuditEntry[]): Promise<LoggedAudit[]>;
  /** Audit entries by agent pattern, newest first unless asked otherwise. Rejects with `INVALID_ARGUMENT`. */
  queryAuditTrail(query?: AuditQuery): Rows<AuditRow>;

  /** Writes audit entries, receipts and memories together or not at all. */
  record(batch: RecordBatch): Promise<RecordedBatch>;

  /** Streams the audit trail to a file or a stream. Rejects with `ABORTED`. */
  exportAuditTrail(options?: AuditExportOptions): Promise<ExportReport>;
  /** Writes a backup: three JSON files, the database image, a manifest. Rejects with `ALREADY_EXISTS`, `ABORTED`. */
  exportBackup(options?: BackupOptions): Promise<BackupReport>;
  /** Verifies a backup and restores it in one step. Rejects with `BACKUP_INVALID`, `ALREADY_EXISTS`, `ABORTED`. */
  restoreBackup(options: RestoreOptions): Promise<RestoreReport>;

  /** Metrics per agent and statistics per receipt status over a period. */
  analytics(query?: AnalyticsQuery): Promise<AnalyticsReport>;
  /** Counts and size, read from indexes. */
  stats(): Promise<Stats>;

  /** Deletes old receipts and audit entries, never memory, then gives the room back (VACUUM). */
  cleanup(options?: CleanupOptions): Promise<CleanupReport>;
  /** Deletes every receipt, memory and audit entry. It cannot be undone. */
  reset(): Promise<void>;
  /** Checks integrity, schema, indexes and every receipt id. Problems are reported, not thrown. */
  verify(options?: LongOperationOptions): Promise<VerifyReport>;

  /** The database as the bytes of an SQLite file. */
  exportImage(): Promise<Uint8Array>;
  /** Replaces the database by an SQLite file's bytes, after checking them. Rejects with `NOT_A_DATABASE`, `CORRUPT`, `NEWER_SCHEMA`. */
  importImage(image: Uint8Array): Promise<void>;

  /**
   * Calls the listener after each commit: by this handle, by other tabs, and in Node by other processes on the same
   * file (of which only the fact is known: every table is named). Returns the function that ends it.
   */
  subscribe(listener: (change: Change) => void): () => void;
  /** Where the data lives and what was promised for it. */
  info(): Promise<Info>;
  /** Waits for what was asked before, then lets the database go. Calling it again does nothing. */
  close(): Promise<void>;
}

/** How failures that pass by themselves are retried. */
export interface RetryPolicy {
  /** How often a transient I/O error is tried again. @default 5 */
  readonly ioRetries: number;
  /** Pause between those tries. @default 100 */
  readonly ioRetryDelayMs: number;
  /** How long to wait for other processes or tabs before `DATABASE_LOCKED`. @default 30000 */
  readonly busyDeadlineMs: number;
}

/** What {@link openPersistence} takes, whatever the storage. */
export interface CommonOpenOptions {
  /**
   * `strict`: a resolved save survives loss of power. `relaxed`: it survives the end of the process, but the last
   * saves before a loss of power may be gone (never half of one). A shared file, in Node or OPFS, is always strict,
   * because SQLite's rollback journal without full syncs could be damaged; relaxed takes effect with `exclusive`.
   * @default 'strict'
   */
  readonly durability?: 'strict' | 'relaxed';
  readonly retry?: Partial<RetryPolicy>;
  /** The time written into the tables; not with a worker, which takes one in `startWorker`. @default the system's */
  readonly clock?: () => Date;
  /**
   * Where SQLite runs. `true`: in a worker of this package's; a `Worker`: in that one, whose file calls `startWorker`
   * from `@ggen-sim/core/worker`; `false`: right here.
   * @default true in a page, false in Node and in workers
   */
  readonly worker?: boolean | object;
}

/** A database file (Node). */
export interface FileOpenOptions extends CommonOpenOptions {
  readonly storage: 'file';
  /** Symlinks are followed, missing folders made (0700). */
  readonly path: string;
  /** One process owns the file, with a write-ahead log: about a quarter of the syncs, everyone else is locked out. @default false */
  readonly exclusive?: boolean;
  /** The caller's word that no other process opens the file: the only way to write where no lock provider works. @default false */
  readonly singleProcess?: boolean;
}

/** A database in memory, gone when it is closed. */
export interface MemoryOpenOptions extends CommonOpenOptions {
  readonly storage: 'memory';
}

/** A database in a page's IndexedDB, shared by its tabs. */
export interface IndexedDbOpenOptions extends CommonOpenOptions {
  readonly storage: 'indexeddb';
  /** Name of the IndexedDB database. */
  readonly name: string;
}

/** A database in the origin's private file system, shared by tabs and workers. It needs a worker, and has one by default. */
export interface OpfsOpenOptions extends CommonOpenOptions {
  readonly storage: 'opfs';
  /** Name of the database. */
  readonly name: string;
  /**
   * This handle owns the database until it is closed, with a write-ahead log: a save is one write and one flush.
   * Everyone else, this page's other handles included, waits and then gets `DATABASE_LOCKED`. A tab that ends without
   * closing loses nothing: whoever opens next, in either mode, takes over what its log holds. Close it on `pagehide`,
   * so that a page in the back-forward cache keeps nobody out.
   * @default false
   */
  readonly exclusive?: boolean;
}

/** What `openPersistence` takes. */
export type OpenOptions = FileOpenOptions | IndexedDbOpenOptions | OpfsOpenOptions | MemoryOpenOptions;
