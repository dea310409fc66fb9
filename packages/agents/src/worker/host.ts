import { expose, RunningOperations, serializeError, type Endpoint } from '@ggen-sim/core/rpc';
import type { Agent } from '../agent.ts';
import { AGENTS } from '../agents.ts';
import { AgentError } from '../errors.ts';
import type { AgentService } from './service.ts';

/**
 * Makes this worker execute the agents of the page that started it. The application's worker file is these two lines:
 *
 * @example
 * import { startAgentWorker } from '@ggen-sim/agents/worker';
 * startAgentWorker();
 *
 * @param endpoint - @default this worker's own
 */
export function startAgentWorker(endpoint: Endpoint = globalThis as unknown as Endpoint): void {
  const operations = new RunningOperations();
  const service: AgentService = {
    async describe(type) {
      const { operation, defaultAgentId, parameters } = agentOf(type);
      return { type, operation, defaultAgentId, parameters };
    },
    async execute(type, inputs, operationId) {
      const outcome = await operations.run(operationId, (signal) => agentOf(type).execute(inputs, signal));
      return { ...outcome, error: outcome.error === null ? null : serializeError(outcome.error) };
    },
    abort: (operationId, reason) => operations.abort(operationId, reason),
  };
  expose(service, endpoint);
}

function agentOf(type: string): Agent {
  const agents: Readonly<Record<string, Agent>> = AGENTS;
  const agent = Object.hasOwn(agents, type) ? agents[type] : undefined;
  if (agent !== undefined) return agent;
  throw new AgentError('INVALID_ARGUMENT', `type: expected one of ${Object.keys(agents).join(', ')}`);
}
