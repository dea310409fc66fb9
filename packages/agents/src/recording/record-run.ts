import type { Persistence, ReceiptStatus } from '@ggen-sim/core';
import { type RememberedRun, rememberRun } from './agent-memory.ts';

/** One finished run of any agent, ready to be written down. */
export interface FinishedRun {
  readonly agentId: string;
  /** Such as `validation`; also the operation type of its audit entries. */
  readonly agentType: string;
  /** Such as `validate_ontology`. */
  readonly operation: string;
  readonly status: ReceiptStatus;
  /** What the operation was about, for the audit trail. */
  readonly details: string;
  /** Why it failed; `null` where it came to its end, whatever it found. */
  readonly failure: string | null;
  /** Measured, not rounded. */
  readonly durationMs: number;
  readonly receipt: { readonly [key: string]: unknown };
  readonly remembered: RememberedRun;
}

/**
 * Writes down a run in one transaction: audit `started` and `completed` or `failed`, the receipt, the agent's memory.
 *
 * Runs of one agent over one handle take turns, so that none forgets another. Between processes the later of two
 * simultaneous runs wins the memory's counts; receipts and audit entries are never lost, and the memory's own
 * `version` counts every save.
 *
 * @returns the receipt's id
 * @throws PersistenceError - as `record` does; nothing was written then
 */
export async function recordRun(persistence: Persistence, run: FinishedRun): Promise<string> {
  return await takeTurn(persistence, run.agentId, async () => {
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
          receipt: run.receipt,
          status: run.status,
          durationMs,
        },
      ],
      memories: [{ agentId, agentType, memory: { ...memory } }],
    });
    const [receipt] = recorded.receipts;
    if (receipt === undefined) throw new TypeError('record() answered without the receipt it was given');
    return receipt.receiptId;
  });
}

async function storedMemory(persistence: Persistence, agentId: string): Promise<string | undefined> {
  try {
    return await persistence.getMemory(agentId);
  } catch (error) {
    // By code, not by class: the error may have come from a worker.
    if (error instanceof Error && 'code' in error && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

const lastTurns = new WeakMap<Persistence, Map<string, Promise<unknown>>>();

async function takeTurn<Result>(
  persistence: Persistence,
  agentId: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const turns = lastTurns.get(persistence) ?? new Map<string, Promise<unknown>>();
  lastTurns.set(persistence, turns);
  const before = turns.get(agentId) ?? Promise.resolve();
  // Whether the run before could be written is no concern of the next.
  const turn = before.then(work, work);
  turns.set(agentId, turn);
  try {
    return await turn;
  } finally {
    if (turns.get(agentId) === turn) turns.delete(agentId);
  }
}
