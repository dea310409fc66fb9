import type { ValidationInputs, ValidationOutcome, ValidationRequest, ValidationRun } from '@ggen-sim/agents';
import type { Persistence } from '@ggen-sim/core';

/** The agents, as `@ggen-sim/agents` names them. They run in a worker, so a request takes no clock. */
export interface SimulatorAgents {
  readonly runValidation: (
    persistence: Persistence | null,
    request: Omit<ValidationRequest, 'clock'>,
  ) => Promise<ValidationRun>;
  readonly validate: (inputs: ValidationInputs, signal?: AbortSignal) => Promise<ValidationOutcome>;
}

/** Each call loads the agents first, if they are not there yet: the page itself starts without them. */
export const agents: SimulatorAgents = {
  runValidation: async (persistence, request) =>
    (await import('./agent-client.ts')).runValidation(persistence, request),
  validate: async (inputs, signal) => (await import('./agent-client.ts')).validate(inputs, signal),
};
