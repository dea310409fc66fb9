import { MessageChannel, type ResourceLimits, Worker } from 'node:worker_threads';
import type { AgentThread } from '../src/worker/client.ts';

/** Starts a thread of Node that executes agents. */
export function startNodeThread(script: string, resourceLimits?: ResourceLimits): AgentThread {
  const { port1, port2 } = new MessageChannel();
  const options = resourceLimits === undefined ? {} : { resourceLimits };
  const worker = new Worker(script, { workerData: port2, transferList: [port2], ...options });
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
}
