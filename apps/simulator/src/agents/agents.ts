import type { AgentClient } from '@ggen-sim/agents/client';

let client: AgentClient | undefined;

/** The agents, in workers. The first run loads them: the page starts without them. */
export const agents: Pick<AgentClient, 'run'> = {
  async run(type, persistence, inputs, options) {
    const { connectAgents } = await import('@ggen-sim/agents/client');
    client ??= connectAgents(startThread);
    return client.run(type, persistence, inputs, options);
  },
};

function startThread(): Worker {
  return new Worker(new URL('./agents.worker.ts', import.meta.url), {
    type: 'module',
    name: 'ggen-sim agents',
  });
}
