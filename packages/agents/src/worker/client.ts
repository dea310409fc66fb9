import type { Persistence } from '@ggen-sim/core';
import { deserializeError, registerErrorClass, RpcClient, type Endpoint } from '@ggen-sim/core/rpc';
import type { AgentOutcome, ExecutableAgent, RunOptions } from '../agent.ts';
import type { AgentType, InputsOf, RunOf } from '../agents.ts';
import { AgentError } from '../errors.ts';
import { runAgent } from '../run-agent.ts';
import type { AgentService } from './service.ts';

/** The agents in a worker. */
export interface AgentClient {
  /** Runs an agent as `runAgent` does. Only its execution takes place in the worker. */
  run<Type extends AgentType>(
    type: Type,
    persistence: Persistence | null,
    inputs: InputsOf<Type>,
    options?: RunOptions,
  ): Promise<RunOf<Type>>;
}

/** Web worker, as far as the client uses it. */
export interface AgentThread extends Endpoint {
  terminate(): void;
}

/**
 * Makes a client of a worker that called `startAgentWorker`. The first run starts the worker. When the worker fails,
 * the runs in it are rejected and the next run starts another.
 */
export function connectAgents(startThread: () => AgentThread): AgentClient {
  registerErrorClass('AgentError', AgentError);
  let current: RpcClient<AgentService> | undefined;
  const connect = (): RpcClient<AgentService> => {
    const thread = startThread();
    const rpc = new RpcClient<AgentService>(thread);
    thread.addEventListener('error', (event: unknown) => {
      if (current === rpc) current = undefined;
      thread.terminate();
      rpc.rejectPending(() => workerError(event));
    });
    return rpc;
  };
  return {
    async run(type, persistence, inputs, options) {
      const rpc = (current ??= connect());
      const agent = {
        ...(await rpc.call('describe', (service) => service.describe(type))),
        async execute(documents, signal) {
          const outcome = await rpc.run('execute', signal, (service, operationId) =>
            service.execute(type, documents, operationId),
          );
          return {
            ...outcome,
            error: outcome.error === null ? null : deserializeError(outcome.error),
          } as AgentOutcome;
        },
      } satisfies ExecutableAgent;
      return (await runAgent(agent, persistence, inputs, options)) as RunOf<typeof type>;
    },
  };
}

function workerError(event: unknown): AgentError {
  const { message = '' } = event as { readonly message?: string };
  return new AgentError('INTERNAL', message === '' ? 'The agents could not be loaded' : message);
}
