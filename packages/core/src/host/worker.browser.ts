import { startWorker } from './start-worker.browser.ts';
import { WORKER_READY } from './worker-ready.ts';

startWorker();
globalThis.postMessage(WORKER_READY);
