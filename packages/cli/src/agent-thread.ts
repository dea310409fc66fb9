/** Thread in which agents are executed: whatever they are doing, a signal ends it. */
import { MessageChannel, Worker } from 'node:worker_threads';
import type { AgentThread } from '@ggen-sim/agents/client';

/** Starts a thread that executes agents. */
export function startAgentThread(): AgentThread {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./agents.worker.ts', import.meta.url), {
    workerData: port2,
    transferList: [port2],
  });
  return {
    postMessage: (message, transfer) => port1.postMessage(message, transfer as []),
    start: () => port1.start(),
    addEventListener(type, listener) {
      if (type === 'error') worker.on('error', listener as () => void);
      else port1.addEventListener(type, listener as () => void);
    },
    removeEventListener: (type, listener) => port1.removeEventListener(type, listener as () => void),
    terminate: () => worker.terminate(),
  };
}
