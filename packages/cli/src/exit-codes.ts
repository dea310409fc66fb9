/** What the process answers to its caller. */
export const exitCodes = {
  ok: 0,
  /** The operation failed; the reason is on stderr. */
  failed: 1,
  /** A validation ran and found violations. */
  violations: 2,
  /** The command line itself was wrong (EX_USAGE of sysexits.h). Nothing was done. */
  usage: 64,
  /** Ended by Ctrl-C (128 + SIGINT), nothing half-written. */
  interrupted: 130,
  /** Ended by a request to terminate (128 + SIGTERM), nothing half-written. */
  terminated: 143,
} as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
