import { startAgentWorker } from '../src/worker/host.ts';

startAgentWorker();
