import { startWorker } from './start-worker.node.ts';

startWorker();
