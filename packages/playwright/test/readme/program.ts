import type { Persistence } from '@ggen-sim/core';

/** The program that the README's example tests. */
export async function validate(db: Persistence, executionId: string): Promise<void> {
  const agent = { agentId: 'validator-1', agentType: 'validation' };
  const { runs } = JSON.parse(await db.getMemory(agent.agentId)) as { runs: number };
  await db.record({
    receipts: [{ ...agent, executionId, receipt: { violations: [], stages: { parse: 3, check: 12 } } }],
    memories: [{ ...agent, memory: { runs: runs + 1 } }],
    audits: [{ agentId: agent.agentId, operation: 'run_agent', status: 'completed' }],
  });
}
