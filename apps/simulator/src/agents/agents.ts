import type { AgentClient } from '@ggen-sim/agents/client';

let client: AgentClient | undefined;

/** The agents, in workers. The first run loads them: the page starts without them. */
export const agents: Pick<AgentClient, 'run' | 'verifyReceipt'> = {
  async run(type, persistence, inputs, options) {
    return (await connected()).run(type, persistence, inputs, options);
  },
  async verifyReceipt(receiptJson, files, options) {
    return (await connected()).verifyReceipt(receiptJson, files, options);
  },
};

async function connected(): Promise<AgentClient> {
  const { connectAgents } = await import('@ggen-sim/agents/client');
  return (client ??= connectAgents(startThread));
}

function startThread(): Worker {
  return new Worker(new URL('./agents.worker.ts', import.meta.url), {
    type: 'module',
    name: 'ggen-sim agents',
  });
}
