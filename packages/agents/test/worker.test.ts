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

  it('takes over the worker of the run before it', async () => {
    await agents.run('validation', db, { spec: SPEC });
    await agents.run('validation', db, { spec: SPEC });
    expect(threads).toHaveLength(1);
  });

  it('has a worker of its own, of four at most, and all are counted', async () => {
    await Promise.all(Array.from({ length: 7 }, () => agents.run('validation', db, { spec: SPEC })));
    expect(JSON.parse(await db.getMemory('validator-1'))).toMatchObject({ runs: 7 });
    expect(threads.filter(({ isTerminated }) => !isTerminated)).toHaveLength(1);
    agents.close();
    expect(threads.filter(({ isTerminated }) => !isTerminated)).toEqual([]);
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

  it('leaves a receipt with ABORTED when it is aborted while it waits for a worker', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const running = Array.from({ length: 6 }, () => agents.run('validation', db, { spec: SPEC }, { signal }));
    controller.abort();
    const codes = (await Promise.all(running)).map(({ error }) => error?.code);
    expect(codes).toEqual(Array.from({ length: 6 }, () => 'ABORTED'));
    expect(await agents.run('validation', db, { spec: SPEC })).toMatchObject({ error: null });
  });

  it('leaves a receipt when the worker fails, and the next run starts another worker', async () => {
    const running = agents.run('validation', db, { spec: SPEC });
    threads[0]?.fail('out of memory');
    const { error, receipt } = await running;
    expect(error).toBeInstanceOf(AgentError);
    expect(error).toMatchObject({ code: 'INTERNAL', message: 'out of memory' });
    expect(receipt).toMatchObject({ status: 'error', conforms: null, inputs: [{ name: 'doc.ttl' }] });
    expect(threads[0]?.isTerminated).toBe(true);
    expect(await db.queryReceipts()).toMatchObject([{ status: 'error' }]);
    expect(await agents.run('validation', db, { spec: SPEC })).toMatchObject({
      status: 'error',
      error: null,
    });
    expect(threads).toHaveLength(2);
  });

  it('leaves a receipt when no worker can be started, any number of times', async () => {
    const broken = connectAgents(() => {
      throw new Error('no more threads');
    });
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const { error } = await broken.run('validation', null, { spec: SPEC });
      expect(error).toMatchObject({ code: 'INTERNAL', message: 'no more threads' });
    }
  });
});

describe('the verification of a receipt in a worker', () => {
  it('repeats the run and names what differs', async () => {
    const { receiptJson } = await agents.run('validation', null, { spec: SPEC });
    expect(await agents.verifyReceipt(receiptJson, SPEC, { rerun: true })).toMatchObject({
      ok: true,
      not_checked: [],
    });
    const other = [turtle('ex:S sh:targetClass ex:C ; sh:nodeKind sh:IRI . ex:x a ex:C .')];
    const { ok, differences } = await agents.verifyReceipt(receiptJson, other, { rerun: true });
    expect(ok).toBe(false);
    expect(differences.map(({ field }) => field)).toContain('conforms');
    await expect(agents.verifyReceipt('{}')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is ended by an abort', async () => {
    const { receiptJson } = await agents.run('validation', null, { spec: SPEC });
    const controller = new AbortController();
    const verified = agents.verifyReceipt(receiptJson, SPEC, { rerun: true, signal: controller.signal });
    controller.abort();
    await expect(verified).rejects.toMatchObject({ name: 'AgentError', code: 'ABORTED' });
  });
});
