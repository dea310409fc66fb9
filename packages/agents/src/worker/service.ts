import type { AbortableService, SerializedError } from '@ggen-sim/core/rpc';
import type { AgentDescription, AgentInputs, AgentOutcome } from '../agent.ts';

/** Service of the worker that executes agents. */
export interface AgentService extends AbortableService {
  /** @throws {AgentError} INVALID_ARGUMENT when no agent of this type is listed */
  describe(type: string): Promise<AgentDescription>;
  /** @param operationId - id by which the caller may abort the execution */
  execute(type: string, inputs: AgentInputs, operationId: number): Promise<SerializedOutcome>;
}

/** Outcome whose error can be cloned. */
export type SerializedOutcome = Omit<AgentOutcome, 'error'> & { readonly error: SerializedError | null };
