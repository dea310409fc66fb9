import { runValidation, validate } from '@ggen-sim/agents';
import type { Persistence } from '@ggen-sim/core';
import { expose } from 'comlink';
import {
  answer,
  toWire,
  type AgentHost,
  type Answer,
  type RecordDesk,
  type Wired,
} from './agent-protocol.ts';

/** One for each database, and always the same one: agents take turns by it. */
const desks = new Map<number, Persistence>();
const working = new Map<number, AbortController>();

const host: AgentHost = {
  connect: (deskId, desk) => void desks.set(deskId, persistenceOf(desk)),
  runValidation: (deskId, request, workId) =>
    abortable(workId, async (signal) =>
      wired(
        await runValidation(deskId === null ? null : (desks.get(deskId) ?? null), { ...request, signal }),
      ),
    ),
  validate: (inputs, workId) => abortable(workId, async (signal) => wired(await validate(inputs, signal))),
  abort: (workId) => working.get(workId)?.abort(),
};

expose(host);

async function abortable<Value>(
  workId: number,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Answer<Value>> {
  const controller = new AbortController();
  working.set(workId, controller);
  try {
    return await answer(() => work(controller.signal));
  } finally {
    working.delete(workId);
  }
}

function wired<Finished extends { readonly error: unknown }>(finished: Finished): Wired<Finished> {
  return { ...finished, error: finished.error === null ? null : toWire(finished.error) };
}

/** As much of a database as agents use; the rest stays in the page. */
function persistenceOf(desk: RecordDesk): Persistence {
  const used: Pick<Persistence, 'getMemory' | 'record'> = {
    getMemory: async (agentId) => unwrap(await desk.getMemory(agentId)),
    record: async (batch) => unwrap(await desk.record(batch)),
  };
  return used as Persistence;
}

function unwrap<Value>(answered: Answer<Value>): Value {
  if ('value' in answered) return answered.value;
  throw Object.assign(new Error(answered.error.message), answered.error);
}
