import type { ReceiptStatus } from '@ggen-sim/core';

/** One finished run, as an agent remembers it. */
export interface RememberedRun {
  readonly execution_id: string;
  readonly status: ReceiptStatus;
  readonly message: string;
  readonly determinism_hash: string;
  /** ISO 8601 with Z. */
  readonly finished_at: string;
  readonly duration_ms: number;
}

/** What an agent keeps from run to run. Other keys in its memory are left as they are. */
export interface AgentMemory {
  readonly runs: number;
  readonly runs_by_status: Readonly<Record<ReceiptStatus, number>>;
  readonly last_run: RememberedRun;
  /** Newest first, at most {@link MAX_REMEMBERED_RUNS}, the last run among them. */
  readonly recent_runs: readonly RememberedRun[];
}

/** How many runs an agent remembers one by one. */
export const MAX_REMEMBERED_RUNS = 10;

/**
 * The memory after one more run.
 *
 * @param previous - the stored JSON, or `undefined` before the first run. What somebody else stored there and is no
 *   object cannot be added to, and is replaced.
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
