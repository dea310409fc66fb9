import type { ReceiptStatus } from '@ggen-sim/core';

/** Finished run in an agent's memory. */
export interface RememberedRun {
  readonly execution_id: string;
  readonly status: ReceiptStatus;
  readonly message: string;
  readonly determinism_hash: string;
  /** ISO 8601 with Z. */
  readonly finished_at: string;
  readonly duration_ms: number;
}

/** Memory that an agent keeps between runs. Other keys of the stored JSON are preserved. */
export interface AgentMemory {
  readonly runs: number;
  readonly runs_by_status: Readonly<Record<ReceiptStatus, number>>;
  readonly last_run: RememberedRun;
  /** Latest runs, newest first, at most {@link MAX_REMEMBERED_RUNS}. Includes the last run. */
  readonly recent_runs: readonly RememberedRun[];
}

/** Runs that an agent remembers one by one. */
export const MAX_REMEMBERED_RUNS = 10;

/**
 * Returns the memory after one more run.
 *
 * @param previous - stored JSON; `undefined` before the first run. JSON that is not an object (other programs may store
 *   any) is replaced.
 */
export function rememberRun(previous: string | undefined, run: RememberedRun): AgentMemory {
  const memory = previous === undefined ? {} : objectOrEmpty(JSON.parse(previous));
  const byStatus = objectOrEmpty(memory['runs_by_status']);
  const recent = Array.isArray(memory['recent_runs']) ? (memory['recent_runs'] as RememberedRun[]) : [];
  const counted = (status: ReceiptStatus): number =>
    countOf(byStatus[status]) + (run.status === status ? 1 : 0);
  return {
    ...memory,
    runs: countOf(memory['runs']) + 1,
    runs_by_status: { success: counted('success'), error: counted('error'), partial: counted('partial') },
    last_run: run,
    recent_runs: [run, ...recent].slice(0, MAX_REMEMBERED_RUNS),
  };
}

function objectOrEmpty(value: unknown): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
