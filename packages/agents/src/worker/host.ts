import { expose, release, serializeError, type Endpoint } from '@ggen-sim/core/rpc';
import { agentOfType } from '../agents.ts';
import type { AgentService } from './service.ts';

/**
 * Makes this worker execute the agents of the page or program that started it. The application's worker file is these
 * two lines:
 *
 * @example
 * import { startAgentWorker } from '@ggen-sim/agents/worker';
 * startAgentWorker();
 *
 * @param endpoint - @default this worker's own
 */
export function startAgentWorker(endpoint: Endpoint = globalThis as unknown as Endpoint): void {
  const service: AgentService = {
    async execute(type, inputs, onStep, leftOutQueries) {
      try {
        const outcome = await agentOfType(type).execute(inputs, undefined, { onStep, leftOutQueries });
        return { ...outcome, error: outcome.error === null ? null : serializeError(outcome.error) };
      } finally {
        release(onStep);
      }
    },
    async verifyReceipt(receiptJson, files, rerun) {
      const { verifyReceipt } = await import('../validation/verify-receipt.ts');
      return verifyReceipt(receiptJson, files, { rerun });
    },
  };
  expose(service, endpoint);
}
