/** What a series of simulated crashes found: one line of the torture table. */
export interface CrashReport {
  /** Whose code ran: `file`, `indexeddb`, … */
  readonly storage: string;
  /** How it was opened; for a negative control, what was broken. */
  readonly mode: string;
  /** Repeats the series exactly. */
  readonly seed: number;
  /** Crashes after which the database was opened and checked. */
  readonly points: number;
  /** Number of crashes that left something to recover: a hot journal, a log, an unacknowledged transaction. */
  readonly needingRecovery: number;
  readonly failures: readonly CrashFailure[];
  readonly durationMs: number;
}

/** A crash after which the database was not what it has to be. */
export interface CrashFailure {
  /** Which crash of the series, counted from 0. */
  readonly point: number;
  /** What the crash left: the policy that made the image. */
  readonly image: string;
  /** What was wrong: damaged, an acknowledged commit missing, a transaction seen in part, … */
  readonly reason: string;
}
