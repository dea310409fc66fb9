import { MessageChannel, Worker } from 'node:worker_threads';
import { afterAll, beforeAll } from 'vitest';
import { Children } from '../../../tests/support/child-process.ts';
import type { AgentThread } from '../src/worker/client.ts';
import { describeRunaways } from './runaway-cases.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle([`${import.meta.dirname}/children/agents-worker.ts`]);
});
afterAll(() => children.remove());

describeRunaways(() => {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(children.script('agents-worker'), { workerData: port2, transferList: [port2] });
  return {
    postMessage: (message, transfer) => port1.postMessage(message, transfer as []),
    start: () => port1.start(),
    addEventListener: (type, listener) => {
      if (type === 'error') worker.on('error', listener as () => void);
      else port1.addEventListener(type, listener as () => void);
    },
    removeEventListener: (type, listener) => port1.removeEventListener(type, listener as () => void),
    terminate: () => worker.terminate(),
  } satisfies AgentThread;
});
