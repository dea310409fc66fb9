import type { Encryption } from '@ggen-sim/sqljs-vfs';
import type { PersistenceErrorCode } from './errors.ts';
import type { LongOperationOptions, OpenOptions } from './options.ts';
import type { AgentSelection } from './rows.ts';
import type { RowCheck, TableName } from './tables.ts';

/** Time spans of an analytics report, counted back from now. */
export const ANALYTICS_PERIODS = ['last-24-hours', 'last-7-days', 'last-30-days', 'last-90-days'] as const;

/** One of {@link ANALYTICS_PERIODS}. */
export type AnalyticsPeriod = (typeof ANALYTICS_PERIODS)[number];

/** Filter of {@link Persistence.analytics}. */
export interface AnalyticsQuery extends AgentSelection {
  /** @default 'last-7-days' */
  readonly period?: AnalyticsPeriod;
}

/** Totals of one agent's audit entries. Durations are of the entries that ended (`completed`, `failed`). */
export interface AgentMetrics {
  readonly agentId: string;
  readonly totalOperations: number;
  readonly successfulOperations: number;
  readonly failedOperations: number;
  /** Rounded to two decimals; `null` if no entry has a duration. */
  readonly avgDurationMs: number | null;
  readonly minDurationMs: number | null;
  readonly maxDurationMs: number | null;
}

/** Totals of the receipts of one status. */
export interface ReceiptStatistics {
  readonly status: string;
  readonly count: number;
  /** Rounded to two decimals; `null` if no receipt has a duration. */
  readonly avgDurationMs: number | null;
}

/** Result of {@link Persistence.analytics}. */
export interface AnalyticsReport {
  readonly period: AnalyticsPeriod;
  /** ISO 8601 with Z. */
  readonly generatedAt: string;
  /** Sorted by agent id. */
  readonly agentMetrics: readonly AgentMetrics[];
  /** Most frequent first. */
  readonly receiptStatistics: readonly ReceiptStatistics[];
}

/** Result of {@link Persistence.stats}. */
export interface Stats {
  readonly receiptsTotal: number;
  readonly receiptsSuccess: number;
  readonly receiptsError: number;
  /** Number of agents with memory. */
  readonly agentsTracked: number;
  readonly auditEntries: number;
  /** File size in KiB, rounded up. */
  readonly databaseSizeKb: number;
  /** Time of the newest receipt; `null` if there are no receipts. */
  readonly lastReceipt: string | null;
}

/** Options of {@link Persistence.cleanup}. */
export interface CleanupOptions extends LongOperationOptions {
  /**
   * Age in days above which receipts and audit entries are deleted. What cannot be read as a time is never
   * deleted, nor is a record that is held.
   * @default 90
   */
  readonly days?: number;
  /** Count only, delete nothing. @default false */
  readonly dryRun?: boolean;
  /**
   * `true`: give all free room back to the storage (VACUUM), which locks others out and needs room for a second copy.
   * `false`: keep the file as large as it is; later rows use the room. Without either, VACUUM runs where it is quick or a
   * quarter of the file is free, and never on more than 256 MiB of rows; a database that was vacuumed by a cleanup before
   * gives room back page by page.
   */
  readonly vacuum?: boolean;
}

/** Result of a cleanup. */
export interface CleanupReport {
  readonly days: number;
  readonly dryRun: boolean;
  /** Rows older than this time (UTC `YYYY-MM-DD HH:MM:SS`) were deleted, or would be in a dry run. */
  readonly before: string;
  readonly receiptsDeleted: number;
  readonly auditEntriesDeleted: number;
  readonly sizeBeforeBytes: number;
  readonly sizeAfterBytes: number;
  /** Free room that is still in the file, in bytes. */
  readonly freeBytes: number;
}

/** A problem that {@link Persistence.verify} found. */
export interface VerifyProblem {
  readonly check: 'integrity' | 'schema' | 'index' | RowCheck | 'history';
  /** The row, as `table rowid`, also of one that is gone; `null` if the problem is not of one row. */
  readonly row: string | null;
  readonly message: string;
}

/** What {@link Persistence.verify} compared with the change log. */
export interface HistoryReport {
  /** Number of entries. */
  readonly entries: number;
  /** Number of rows whose latest entry was found. */
  readonly rowsVerified: number;
  /** Number of rows that this program deleted, and that an entry says so of: by request, retention or cleanup. */
  readonly rowsDeleted: number;
  /** Number of entries whose content was redacted, and that a later entry says so of: rows, and versions of memory. */
  readonly entriesRedacted: number;
  /** Number of rows of another program that have one entry for many of them, without their hashes. */
  readonly rowsWithoutHash: number;
  /** Number of rows that another program inserted after the last entry. The next write adopts them. */
  readonly rowsNotLogged: number;
}

/** Result of {@link Persistence.verify}. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly schemaVersion: number;
  /** Number of receipts whose id was recomputed and is right. */
  readonly receiptsVerified: number;
  /** Number of receipts imported from a database of the original scripts. Their ids cannot be recomputed. */
  readonly receiptsImported: number;
  /**
   * Number of receipts whose content was redacted, so that their ids cannot be recomputed. With a change log, one of its
   * entries names each; without one, nobody can tell who replaced the content.
   */
  readonly receiptsRedacted: number;
  /** Comparison with the change log; `null` without one, and where the database is too damaged for it. */
  readonly history: HistoryReport | null;
  /** Number of problems found; 0 when `ok`. */
  readonly problemCount: number;
  /** Every problem, but at most the first 100 of each check. Of `history`, as many of the log and of each table. */
  readonly problems: readonly VerifyProblem[];
}

/**
 * Saves in IndexedDB that are stored as small records, until a checkpoint writes them into the pieces of the file. It runs
 * by itself.
 */
export interface CheckpointInfo {
  /** Size of what waits, in bytes. */
  readonly waitingBytes: number;
  /**
   * The latest checkpoint's failure; `null` if it succeeded. Nothing is lost, and each later save tries again. Once too
   * much waits (24 MiB, more in large databases), saves are refused with this code.
   */
  readonly failure: { readonly code: PersistenceErrorCode; readonly message: string } | null;
}

/** A table of this program that cannot be queried. */
export interface TableProblem {
  readonly table: TableName;
  /** What is missing, as a clause: `the table receipts is missing`. */
  readonly reason: string;
}

/** Result of {@link Persistence.info}: where the data is stored, and what is promised for it. */
export interface Info {
  readonly storage: OpenOptions['storage'];
  /** Real path of the file (symlinks followed), or the database's name in a browser; `null` in memory. */
  readonly path: string | null;
  readonly persistent: boolean;
  readonly readOnly: boolean;
  /** `strict`: a resolved save survives loss of power. `relaxed`: it survives the end of the process. */
  readonly durability: 'strict' | 'relaxed';
  /** As SQLite names it. With `readOnly`, `wal` for a database that other programs keep in that mode. */
  readonly journalMode: string;
  readonly lockProvider: string;
  /** How the stored database is encrypted: `SQLCipher 4` in files and OPFS, `AES-256-GCM` in IndexedDB; `null` if it is not. */
  readonly encryption: Encryption | null;
  /**
   * What the storage keeps in memory beside SQLite's own cache. `cache`: a bounded part of the file, and what saves have
   * changed since it was last stored whole. `all`: the whole file, so that opening and memory grow with it: a database in
   * memory; IndexedDB outside a worker, or where the browser stores no Blobs. `null`: nothing.
   */
  readonly pagesInMemory: 'cache' | 'all' | null;
  /** In IndexedDB, the form in which the file's pieces are stored; `null` elsewhere. */
  readonly extentFormat: 'Blob' | 'ArrayBuffer' | null;
  /** In IndexedDB, the saves that are stored and not yet written into those pieces; `null` elsewhere. */
  readonly checkpoint: CheckpointInfo | null;
  readonly schemaVersion: number;
  /** Tables of this program that a database opened with `readOnly` lacks or has in another form; none in any other one. */
  readonly tableProblems: readonly TableProblem[];
  /** Tables of other programs in the same database. They are kept, and lost only when an image replaces the database. */
  readonly otherTables: readonly string[];
  readonly sqliteVersion: string;
  readonly programVersion: string;
  readonly sizeBytes: number;
  readonly pageSizeBytes: number;
}
