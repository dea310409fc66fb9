import { type MessagePort, workerData } from 'node:worker_threads';
import { startAgentWorker } from '@ggen-sim/agents/worker';

startAgentWorker(workerData as MessagePort);
