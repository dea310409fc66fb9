import type { Persistence } from '@ggen-sim/core';
import { deserializeError, proxy, registerErrorClass } from '@ggen-sim/core/rpc';
import type { Agent, AgentInputs, AgentOutcome, RunOptions } from '../agent.ts';
import { agentOfType, type AgentType, type InputsOf, type RunOf } from '../agents.ts';
import { AgentError, throwIfAborted, toAgentError } from '../errors.ts';
import type { InputFile } from '../rdf/input-file.ts';
import { runAgent } from '../run-agent.ts';
import type { ReceiptVerification, VerifyReceiptOptions } from '../validation/verify-receipt.ts';
import { Threads, closed, type AgentThread } from './threads.ts';

export { UnrecordedRun } from '../unrecorded-run.ts';
export type { AgentThread } from './threads.ts';

/** The agents in workers. */
export interface AgentClient {
  /**
   * Runs an agent as `runAgent` does. Only its execution takes place in a worker. An abort and the time limit end that
   * worker, so they take effect at once, whatever it is doing.
   */
  run<Type extends AgentType>(
    type: Type,
    persistence: Persistence | null,
    inputs: InputsOf<Type>,
    options?: RunOptions,
  ): Promise<RunOf<Type>>;
  /**
   * Verifies a stored validation receipt as `verifyReceipt` does, in a worker. An abort ends that worker.
   *
   * @throws {AgentError} INVALID_ARGUMENT, ABORTED, INTERNAL
   */
  verifyReceipt(
    receiptJson: string,
    files?: readonly InputFile[],
    options?: VerifyReceiptOptions,
  ): Promise<ReceiptVerification>;
  /** Ends the worker that is kept for the next run. Until then it keeps a Node process alive. */
  close(): void;
}

/** Options of {@link connectAgents}. */
export interface ClientOptions {
  /** Runs that are executed at once; others wait. @default 4 */
  readonly maxThreads?: number;
}

/**
 * Makes a client of workers that call `startAgentWorker`. Runs one after another share a worker, simultaneous ones have
 * one each. A run whose worker fails ends with the error `INTERNAL` and leaves a receipt.
 */
export function connectAgents(
  startThread: () => AgentThread,
  { maxThreads }: ClientOptions = {},
): AgentClient {
  registerErrorClass('AgentError', AgentError);
  const threads = new Threads(startThread, maxThreads);
  return {
    async run(type, persistence, inputs, options) {
      const agent = agentOfType(type);
      const remote: Agent = {
        ...agent,
        execute: (documents, signal) => executeIn(threads, agent, documents, signal),
      };
      return (await runAgent(remote, persistence, inputs, options)) as RunOf<typeof type>;
    },
    async verifyReceipt(receiptJson, files = [], { rerun = false, signal } = {}) {
      try {
        return await threads.use(signal, ({ rpc }) =>
          rpc.call('verifyReceipt', (service) => service.verifyReceipt(receiptJson, files, rerun)),
        );
      } catch (failure) {
        throwIfAborted(signal);
        throw failure;
      }
    },
    close: () => threads.close(),
  };
}

/** Queries of a run that may end their engine. Each costs another execution. */
const MAX_LEFT_OUT = 8;

async function executeIn(
  threads: Threads,
  agent: Agent,
  inputs: AgentInputs,
  signal: AbortSignal | undefined,
): Promise<AgentOutcome> {
  let reached: string | undefined;
  const leftOutQueries: string[] = [];
  const execute = (): Promise<AgentOutcome> =>
    threads.use(signal, async (connection) => {
      const onStep = proxy((step: string): void => {
        reached = step;
      });
      const outcome = await connection.rpc.call('execute', (service) =>
        service.execute(agent.type, inputs, onStep, leftOutQueries),
      );
      const error = outcome.error === null ? null : (deserializeError(outcome.error) as AgentError);
      // The SPARQL engine of that thread is of no use any more.
      if (error?.code === 'QUERY_LIMIT') connection.end(closed());
      return { ...outcome, error };
    });
  try {
    for (;;) {
      const outcome = await execute();
      const query = outcome.error?.query;
      if (query === undefined || leftOutQueries.includes(query) || leftOutQueries.length >= MAX_LEFT_OUT)
        return outcome;
      // One query must not hide what the others find.
      leftOutQueries.push(query);
    }
  } catch (failure) {
    // The worker can tell nothing any more. An execution that is aborted from the start names and hashes the inputs.
    const reason: unknown = signal?.aborted === true ? signal.reason : toAgentError(failure);
    return await agent.execute(inputs, AbortSignal.abort(reason), { reached });
  }
}
