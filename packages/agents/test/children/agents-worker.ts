import { type MessagePort, workerData } from 'node:worker_threads';
import { startAgentWorker } from '../../src/worker/host.ts';

startAgentWorker(workerData as MessagePort);
