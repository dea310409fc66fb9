/** The result of a campaign of simulated crashes: one row of the report's table. */
export interface CrashReport {
  /** The storage whose code ran: `file`, `indexeddb`, … */
  readonly storage: string;
  /** The way the database was opened, or the defect of a negative control. */
  readonly mode: string;
  /** The seed that repeats the campaign exactly. */
  readonly seed: number;
  /** Number of crashes after which the database was opened and checked. */
  readonly points: number;
  /** Number of crashes that left something to recover: a hot journal, a log, an unacknowledged transaction. */
  readonly needingRecovery: number;
  readonly failures: readonly CrashFailure[];
  readonly durationMs: number;
}

/** A crash after which a check failed. */
export interface CrashFailure {
  /** Index of the crash in the campaign, from 0. */
  readonly point: number;
  /** The policy that made the crash image. */
  readonly image: string;
  /** The failed check: damaged, an acknowledged commit missing, a transaction stored in part, … */
  readonly reason: string;
}
