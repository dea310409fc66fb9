import { type Persistence, openPersistence } from '@ggen-sim/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentError } from '../src/index.ts';
import { type AgentClient, type AgentThread, connectAgents } from '../src/worker/client.ts';
import { startAgentWorker } from '../src/worker/host.ts';
import { turtle } from './documents.ts';

const SPEC = [turtle('ex:S sh:targetClass ex:C ; sh:nodeKind sh:Literal . ex:x a ex:C .')];

/** Serves agents over a message channel, so that messages are cloned as they are for a worker. */
class ChannelThread {
  readonly #channel = new MessageChannel();
  #onError: ((event: object) => void) | undefined;
  isTerminated = false;

  constructor() {
    startAgentWorker(this.#channel.port2);
  }

  readonly endpoint: AgentThread = {
    postMessage: (message, transfer) => this.#channel.port1.postMessage(message, transfer as []),
    start: () => this.#channel.port1.start(),
    addEventListener: (type, listener) => {
      if (type === 'error') this.#onError = listener as (event: object) => void;
      else this.#channel.port1.addEventListener(type, listener as () => void);
    },
    removeEventListener: (type, listener) =>
      this.#channel.port1.removeEventListener(type, listener as () => void),
    terminate: () => this.terminate(),
  };

  fail(message: string): void {
    this.#onError?.({ message });
  }

  terminate(): void {
    this.isTerminated = true;
    this.#channel.port1.close();
  }
}

let db: Persistence;
let threads: ChannelThread[];
let agents: AgentClient;
beforeEach(async () => {
  db = await openPersistence({ storage: 'memory' });
  threads = [];
  agents = connectAgents(() => {
    const started = new ChannelThread();
    threads.push(started);
    return started.endpoint;
  });
});
afterEach(async () => {
  for (const thread of threads) thread.terminate();
  await db.close();
});

describe('an agent in a worker', () => {
  it('is recorded in the database of the caller', async () => {
    const run = await agents.run('validation', db, { spec: SPEC }, { executionId: 'exec-1' });
    expect(run).toMatchObject({ status: 'error', executionId: 'exec-1', error: null });
    expect(run.violations).toHaveLength(1);
    expect(run.prefixes.get('ex')).toBe('http://example.org/');
    expect(JSON.parse(await db.getReceipt(run.receiptId ?? ''))).toEqual(run.receipt);
  });

  it('shares one worker with all agents, and its memory counts simultaneous runs', async () => {
    await Promise.all(Array.from({ length: 5 }, () => agents.run('validation', db, { spec: SPEC })));
    expect(JSON.parse(await db.getMemory('validator-1'))).toMatchObject({ runs: 5 });
    expect(threads).toHaveLength(1);
  });

  it('fails with the class, code and location of the error', async () => {
    const { error } = await agents.run('validation', null, {
      spec: [{ name: 'a.ttl', content: '<a> <b> .' }],
    });
    expect(error).toBeInstanceOf(AgentError);
    expect(error).toMatchObject({ code: 'SYNTAX_ERROR', location: { name: 'a.ttl', line: 1, column: 9 } });
  });

  it('refuses wrong arguments and unknown agents', async () => {
    await expect(agents.run('validation', db, { spec: [] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const unknown = agents.run('toString' as 'validation', db, { spec: SPEC });
    await expect(unknown).rejects.toBeInstanceOf(AgentError);
    await expect(unknown).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('leaves a receipt with ABORTED when it is aborted', async () => {
    const controller = new AbortController();
    const running = agents.run('validation', db, { spec: SPEC }, { signal: controller.signal });
    controller.abort();
    expect((await running).error?.code).toBe('ABORTED');
    expect(await db.queryReceipts()).toMatchObject([{ status: 'error' }]);
  });

  it('rejects its runs when the worker fails, and the next run starts another worker', async () => {
    const running = agents.run('validation', db, { spec: SPEC });
    threads[0]?.fail('out of memory');
    await expect(running).rejects.toMatchObject({ code: 'INTERNAL', message: 'out of memory' });
    expect(threads[0]?.isTerminated).toBe(true);
    expect(await db.queryReceipts()).toEqual([]);
    expect(await agents.run('validation', db, { spec: SPEC })).toMatchObject({ status: 'error' });
    expect(threads).toHaveLength(2);
  });
});
