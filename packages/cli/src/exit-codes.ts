/** Process exit codes. */
export const EXIT_CODES = {
  ok: 0,
  /** The operation failed; the reason is on stderr. */
  failed: 1,
  /** A validation ran and found violations. */
  violations: 2,
  /** A validation found no violations, but could not check everything. */
  incomplete: 3,
  /** A run has ended and its report is printed, but its receipt could not be saved. */
  notSaved: 4,
  /** The command line was wrong and nothing was done (EX_USAGE of sysexits.h). */
  usage: 64,
  /** The terminal was closed (128 + SIGHUP); no partial files are left. */
  hungUp: 129,
  /** Ended by Ctrl-C (128 + SIGINT); no partial files are left. */
  interrupted: 130,
  /** Ended by Ctrl-\ (128 + SIGQUIT); no partial files are left. */
  quit: 131,
  /** Ended by SIGTERM (128 + SIGTERM); no partial files are left. */
  terminated: 143,
} as const;

/** One of {@link EXIT_CODES}. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
