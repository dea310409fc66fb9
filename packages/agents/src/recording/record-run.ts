import type { Persistence, ReceiptStatus } from '@ggen-sim/core';
import { type RememberedRun, rememberRun } from './agent-memory.ts';

/** Finished run of any agent, ready to be recorded. */
export interface FinishedRun {
  readonly agentId: string;
  /** Agent type, such as `validation`. Also the operation type of the audit entries. */
  readonly agentType: string;
  /** Operation, such as `validate_ontology`. */
  readonly operation: string;
  readonly status: ReceiptStatus;
  /** Subject of the operation, for the audit trail. */
  readonly details: string;
  /** Reason of the failure; `null` when the agent finished, whatever it found. */
  readonly failure: string | null;
  /** Measured duration, not rounded. */
  readonly durationMs: number;
  /** The receipt, as it is to be stored. */
  readonly receiptJson: string;
  readonly remembered: RememberedRun;
}

/**
 * Records a run in one transaction: audit entries `started` and `completed` or `failed`, the receipt, the agent's memory.
 *
 * Runs of one agent on one database handle are recorded one after another, so that the memory counts each. When two
 * processes record at the same time, the memory of the later one replaces the other's. Receipts and audit entries are
 * never lost, and the memory's `version` column counts every save.
 *
 * @returns the receipt id
 * @throws {PersistenceError} as `record` does; then nothing was written
 */
export async function recordRun(persistence: Persistence, run: FinishedRun): Promise<string> {
  return inSequence(persistence, run.agentId, async () => {
    const memory = rememberRun(await storedMemory(persistence, run.agentId), run.remembered);
    const { agentId, agentType, operation } = run;
    const durationMs = Math.round(run.durationMs);
    const audit = { agentId, operation, operationType: agentType };
    const recorded = await persistence.record({
      audits: [
        { ...audit, status: 'started', details: run.details },
        run.failure === null
          ? { ...audit, status: 'completed', durationMs, details: run.remembered.message }
          : { ...audit, status: 'failed', durationMs, details: run.details, errorMessage: run.failure },
      ],
      receipts: [
        {
          executionId: run.remembered.execution_id,
          agentId,
          agentType,
          receipt: run.receiptJson,
          status: run.status,
          durationMs,
        },
      ],
      memories: [{ agentId, agentType, memory: { ...memory } }],
    });
    const [receipt] = recorded.receipts;
    if (receipt === undefined) throw new TypeError('record() returned no receipt');
    return receipt.receiptId;
  });
}

async function storedMemory(persistence: Persistence, agentId: string): Promise<string | undefined> {
  try {
    return await persistence.getMemory(agentId);
  } catch (error) {
    // Checks the code, not the class: the error may come from a worker.
    if (error instanceof Error && 'code' in error && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Latest task of each agent, by database handle. */
const latestTasks = new WeakMap<Persistence, Map<string, Promise<unknown>>>();

/** Runs the tasks of one agent on one database handle one after another. A failed task does not stop the next. */
async function inSequence<T>(persistence: Persistence, agentId: string, task: () => Promise<T>): Promise<T> {
  const tasks = latestTasks.get(persistence) ?? new Map<string, Promise<unknown>>();
  latestTasks.set(persistence, tasks);
  const running = (tasks.get(agentId) ?? Promise.resolve()).then(task, task);
  tasks.set(agentId, running);
  try {
    return await running;
  } finally {
    if (tasks.get(agentId) === running) tasks.delete(agentId);
  }
}
