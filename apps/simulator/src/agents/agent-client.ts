import {
  AgentError,
  type AgentErrorCode,
  type ValidationOutcome,
  type ValidationRun,
} from '@ggen-sim/agents';
import type { Persistence } from '@ggen-sim/core';
import { proxy, wrap, type Remote } from 'comlink';
import { answer, type AgentHost, type Answer, type WireError, type Wired } from './agent-protocol.ts';
import type { SimulatorAgents } from './agents.ts';

/** The worker, while it lives. One that failed to start is given up, and the next call starts another. */
interface AgentWorker {
  readonly host: Remote<AgentHost>;
  readonly gone: Promise<never>;
  /** Databases the worker knows, under their numbers. */
  readonly deskIds: Map<Persistence, Promise<number>>;
}

let current: AgentWorker | undefined;
let workCount = 0;

/** {@link SimulatorAgents.runValidation}, in a worker, so that a large ontology does not hold up the screen. */
export const runValidation: SimulatorAgents['runValidation'] = async (
  persistence,
  { signal, ...request },
) => {
  const worker = agentWorker();
  const deskId = persistence === null ? null : await deskIdOf(worker, persistence);
  return settle<ValidationRun>(worker, signal, (workId) =>
    worker.host.runValidation(deskId, request, workId),
  );
};

/** {@link SimulatorAgents.validate}, in the same worker. */
export const validate: SimulatorAgents['validate'] = (inputs, signal) => {
  const worker = agentWorker();
  return settle<ValidationOutcome>(worker, signal, (workId) => worker.host.validate(inputs, workId));
};

async function settle<Finished extends { readonly error: AgentError | null }>(
  { host, gone }: AgentWorker,
  signal: AbortSignal | undefined,
  ask: (workId: number) => Promise<Answer<Wired<Finished>>>,
): Promise<Finished> {
  workCount += 1;
  const workId = workCount;
  const abort = (): void => void host.abort(workId);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const asked = ask(workId);
    if (signal?.aborted === true) abort();
    const answered = await Promise.race([asked, gone]);
    if ('error' in answered) throw agentError(answered.error);
    const { error } = answered.value;
    return { ...answered.value, error: error === null ? null : agentError(error) } as unknown as Finished;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function agentError({ code, message, ...details }: WireError): Error {
  // What the database refused keeps its own code; the page shows any error by its code.
  return new AgentError((code ?? 'INTERNAL') as AgentErrorCode, message, details);
}

function deskIdOf({ host, deskIds }: AgentWorker, persistence: Persistence): Promise<number> {
  const known = deskIds.get(persistence);
  if (known) return known;
  const deskId = deskIds.size + 1;
  const desk = proxy({
    getMemory: (agentId: string) => answer(() => persistence.getMemory(agentId)),
    record: (batch: Parameters<Persistence['record']>[0]) => answer(() => persistence.record(batch)),
  });
  const connecting = (async () => {
    await host.connect(deskId, desk);
    return deskId;
  })();
  deskIds.set(persistence, connecting);
  return connecting;
}

function agentWorker(): AgentWorker {
  current ??= startWorker();
  return current;
}

function startWorker(): AgentWorker {
  const thread = new Worker(new URL('./agents.worker.ts', import.meta.url), {
    type: 'module',
    name: 'ggen-sim agents',
  });
  const gone = new Promise<never>((_resolve, reject) => {
    thread.addEventListener('error', (event) => {
      current = undefined;
      thread.terminate();
      reject(new Error(event.message || 'The agents could not be loaded'));
    });
  });
  // Whoever waits hears of it through the race; nobody may be waiting.
  gone.catch(() => undefined);
  return { host: wrap<AgentHost>(thread), gone, deskIds: new Map() };
}
